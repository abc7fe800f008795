"""Figures of the runs' scores: ROC and precision-recall curves, reliability diagrams, confidence."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial

from engine.analysis import score_figures
from engine.analysis.report.blocks import Block, Figure, paragraph, text
from engine.analysis.report.ranking import best_of, ranked
from engine.analysis.report.recipes import recipes_of
from engine.analysis.report.values import ids_of, parts
from engine.analysis.study import StudyRun

BEST = "The best run of each recipe"
CURVE_NOTE = (
    "Test images at the best epoch. Dotted: a score that says nothing. All classes: at each x the unweighted mean of "
    "the classes' curves, each against all others; its area is the mean of the classes' areas. Curves on the same few "
    "images lie apart by chance."
)
CLASS_NOTE = (
    "Each class against all others by its own score: its AUC with the 95 % interval{counts}; n is its test "
    "images."
)
RELIABILITY_NOTE = (
    "The probability of each test image's prediction, in 15 bins of equal width, with the 95 % interval of the share, "
    "images taken as independent; on the dotted line it is as often correct as it says, below it is too sure. Grey: "
    "images in each bin."
)
HISTOGRAM_NOTE = (
    "Test images by the probability of their prediction, correct ones upwards, wrong ones downwards."
)


def score_blocks(runs: Sequence[StudyRun], data_slug: str) -> Iterator[Block]:
    """Yield the figures of the runs on one data set whose scores were kept; say which were not."""
    known, of = _shown([run for run in runs if run.scores is not None and run.scores.of])
    sure = [run for run in known if score_figures.has_confidence(run)]
    several = [
        run for run in known if run.scores and 2 < len(run.scores.of) <= score_figures.MOST_CLASSES + 2
    ]
    data, names = runs[0].data, score_figures.headline_names(known)
    for suffix, some in parts(known if names else [], score_figures.RUNS_A_FIGURE):
        yield Figure(
            f"roc-{data_slug}{suffix}",
            text(f"ROC and precision-recall curves on {data}"),
            f"ROC and precision-recall curves. {_areas(some, names)}",
            text(of + CURVE_NOTE),
            partial(score_figures.comparison_figure, some, names),
        )
    for kind, shown, draw, caption, note in (
        ("roc-classes", several, score_figures.class_figure, "ROC curves of each class", CLASS_NOTE),
        ("reliability", sure, score_figures.reliability_figure, "Reliability diagrams", RELIABILITY_NOTE),
        ("scores", sure, score_figures.histogram_figure, "Confidence", HISTOGRAM_NOTE),
    ):
        for suffix, some in parts(shown, score_figures.PANELS_A_FIGURE):
            yield Figure(
                f"{kind}-{data_slug}{suffix}",
                text(f"{caption} on {data}"),
                f"{caption} of {ids_of(run.id for run in some)}, a panel each",
                text(of + note.format(counts=_counted(some))),
                partial(draw, some),
            )
    without = [run.id for run in runs if run.scores is None]
    if without and known:
        yield paragraph(f"The scores of {ids_of(without)} were not kept: no curves of them.")


def _counted(runs: Sequence[StudyRun]) -> str:
    """Say what the intervals of these runs' AUC count."""
    grouped = [run.id for run in runs if run.scores is not None and run.scores.by_groups]
    if not grouped:
        return ", images taken as independent"
    if len(grouped) == len(runs):
        return ", which counts groups of images"
    return (
        f", which counts groups of images in {ids_of(grouped)} and takes images as independent in the others"
    )


def _shown(known: Sequence[StudyRun]) -> tuple[list[StudyRun], str]:
    """Return the runs to draw, and a sentence that says which they are: of many, the best run of each recipe."""
    if len(known) <= score_figures.PANELS_A_FIGURE:
        return list(known), ""
    recipes = recipes_of(known)
    first = ranked(recipes)
    tops = [best_of(each.runs) for each in (*first, *(each for each in recipes if each not in first))]
    order = [run for run in tops if run is not None]
    if len(order) > score_figures.PANELS_A_FIGURE:
        return order[
            : score_figures.PANELS_A_FIGURE
        ], f"{BEST}, of the {score_figures.PANELS_A_FIGURE} best recipes. "
    return order, f"{BEST}. "


def _areas(runs: Sequence[StudyRun], names: Sequence[str]) -> str:
    found = []
    for name in names:
        for run in runs:
            curves = run.scores.named(name) if run.scores is not None else None
            if curves is not None and curves.roc is not None:
                found.append(f"#{run.id} {name}: AUC {curves.roc.area:.3f}")
    return "; ".join(found)
