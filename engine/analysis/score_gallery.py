"""Numbered figures of the runs' scores in a report."""

from collections.abc import Sequence

from engine.analysis import score_figures
from engine.analysis.figure_canvas import defaults, png
from engine.analysis.gallery import Gallery, parts
from engine.analysis.markdown import markdown
from engine.analysis.study import StudyRun

CURVE_NOTE = (
    "Test images at the best epoch. Dotted: a score that says nothing. All classes: at each x the unweighted mean of "
    "the classes' curves, each against all others; its area is the mean of the classes' areas. Curves on the same few "
    "images lie apart by chance."
)
CLASS_NOTE = (
    "Each class against all others by its own score: its AUC with the 95 % interval, images taken as independent; n is "
    "its test images."
)
RELIABILITY_NOTE = (
    "The probability of each test image's prediction, in 15 bins of equal width, with the 95 % interval of the share; "
    "on the dotted line it is as often correct as it says, below it is too sure. Grey: images in each bin."
)
HISTOGRAM_NOTE = (
    "Test images by the probability of their prediction, correct ones upwards, wrong ones downwards."
)


def add_scores(runs: Sequence[StudyRun], data_slug: str, gallery: Gallery) -> list[str]:
    """Add the figures of the runs on one data set whose scores were kept; say which were not."""
    known = [run for run in runs if run.scores is not None and run.scores.of]
    sure = [run for run in known if score_figures.has_confidence(run)]
    several = [
        run for run in known if run.scores and 2 < len(run.scores.of) <= score_figures.MOST_CLASSES + 2
    ]
    data, names, texts = markdown(runs[0].data), score_figures.headline_names(known), list[str]()
    for suffix, some in parts(known if names else [], score_figures.RUNS_A_FIGURE):
        caption = f"ROC and precision-recall curves on {data}"
        with defaults():
            picture = png(score_figures.comparison_figure(some, names))
        texts += gallery.add(f"roc-{data_slug}{suffix}.png", picture, caption, CURVE_NOTE)
    for kind, shown, draw, caption, note in (
        ("roc-classes", several, score_figures.class_figure, "ROC curves of each class", CLASS_NOTE),
        ("reliability", sure, score_figures.reliability_figure, "Reliability diagrams", RELIABILITY_NOTE),
        ("scores", sure, score_figures.histogram_figure, "Confidence", HISTOGRAM_NOTE),
    ):
        for suffix, some in parts(shown, score_figures.PANELS_A_FIGURE):
            with defaults():
                picture = png(draw(some))
            texts += gallery.add(f"{kind}-{data_slug}{suffix}.png", picture, f"{caption} on {data}", note)
    without = [f"#{run.id}" for run in runs if run.scores is None]
    if without and known:
        texts.append(f"The scores of {', '.join(without)} were not kept: no curves of them.")
    return texts
