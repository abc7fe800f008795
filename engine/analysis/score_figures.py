"""Figures of scores: ROC and precision-recall curves, reliability diagrams, histograms. matplotlib draws them.

Each function returns a figure to save in any format; call it, and save, inside `figure_canvas.defaults()`."""

import math
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Literal

from engine.analysis.figure_canvas import legend_below, new_figure, plain, wrapped
from engine.analysis.interval import wilson_interval
from engine.analysis.markdown import title_among
from engine.analysis.study import StudyRun
from engine.metrics.curves.split_curves import ALL_CLASSES, ScoreCurves, SplitCurves
from engine.metrics.curves.target import REFERABLE

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#6A3D9A", "#444444")
"""After Okabe and Ito, which colour-blind readers can tell apart."""
STYLES: tuple[Literal["-", "--", "-.", ":"], ...] = ("-", "--", "-.", ":")
RUNS_A_FIGURE = len(COLOURS)
PANELS_A_FIGURE = 6
MOST_CLASSES = 12
"""Classes up to which the curves of one panel can be told apart."""
GREY = "#8c8c8c"
AREAS_A_LINE = 3
"""Areas in a line of the legend below a panel."""
TITLE_SIZE, TITLE_LETTERS, LEGEND_LETTERS = 7.5, 40, 108
"""Size of a panel's title and the letters of a line of it; the letters of a line below the figure."""


def headline_names(runs: Sequence[StudyRun]) -> list[str]:
    """Return what all runs are held against each other by: the mean of all classes, or the second of two, and
    referable."""
    found = [run.scores for run in runs if run.scores is not None]
    names = {each.name for split in found for each in split.of if each.roc is not None}
    first = next((each.name for split in found for each in split.of if each.roc is not None), None)
    head = [ALL_CLASSES] if ALL_CLASSES in names else [] if first in (None, REFERABLE) else [first]
    return [name for name in (*head, *([REFERABLE] if REFERABLE in names else [])) if name is not None]


def comparison_figure(runs: Sequence[StudyRun], names: Sequence[str]) -> "Figure":
    """Draw ROC and precision-recall curves of at most RUNS_A_FIGURE runs, a row of panels for each name."""
    legend_in = 0.15 * (1 + math.ceil(len(runs) / AREAS_A_LINE))
    figure = new_figure(7.2, (3.65 + legend_in) * len(names) + 0.2 * len(runs))
    panels = figure.subplots(len(names), 2, squeeze=False)
    for (roc, steps), name in zip(panels, names, strict=True):
        for run, colour, style in zip(runs, COLOURS, STYLES * 2, strict=False):
            found = run.scores.named(name) if run.scores is not None else None
            if found is None or found.roc is None or found.precision_recall is None:
                continue
            for axes, curve in ((roc, found.roc), (steps, found.precision_recall)):
                label = f"#{run.id}: {curve.area:.3f}"
                axes.plot(
                    curve.x, curve.y, color=colour, linestyle=style, linewidth=1.3, label=label
                )  # fmt: skip
        roc.set_title(wrapped(f"ROC, {name}", 46), fontsize=8.5)
        _finish_roc(roc)
        legend_below(roc, 6.5, AREAS_A_LINE, "AUC")
        steps.set_title(wrapped(f"precision-recall, {name}", 46), fontsize=8.5)
        _finish_steps(steps, _shares(runs, name))
        legend_below(steps, 6.5, AREAS_A_LINE, "average precision")
    _name_runs(figure, runs)
    return figure


def _name_runs(figure: "Figure", runs: Sequence[StudyRun]) -> None:
    from matplotlib.lines import Line2D

    lines = [
        Line2D([], [], color=colour, linestyle=style, label=plain(title_among(run, runs), LEGEND_LETTERS))
        for run, colour, style in zip(runs, COLOURS, STYLES * 2, strict=False)
    ]
    figure.legend(handles=lines, loc="outside lower left", fontsize=8, frameon=False)


def class_figure(runs: Sequence[StudyRun]) -> "Figure":
    """Draw a panel for each run with the ROC curve of each class and of referable, with their AUC."""

    def draw(axes: "Axes", split: SplitCurves) -> None:
        shown = [each for each in split.of if each.roc is not None and each.name != ALL_CLASSES]
        for number, each in enumerate(shown):
            assert each.roc is not None
            style = STYLES[number // len(COLOURS) % len(STYLES)]
            label = f"{plain(each.name, 14)} (n {each.positives:,}): {each.roc.area:.3f}{_between(each)}"
            colour = COLOURS[number % len(COLOURS)]
            axes.plot(each.roc.x, each.roc.y, color=colour, linestyle=style, linewidth=1.1, label=label)
        _finish_roc(axes)
        legend_below(axes, 6, 1, "AUC [95 %]")

    most = max((len(run.scores.of) for run in runs if run.scores is not None), default=0)
    return _panels(runs, draw, more_in=0.13 * (most + 1))


def reliability_figure(runs: Sequence[StudyRun]) -> "Figure":
    """Draw a panel for each run: the share of correct predictions over their probability, and how many a bin has."""

    def draw(axes: "Axes", split: SplitCurves) -> None:
        found = _confidence(split)
        if found is None or found.reliability is None:
            return
        most = max(each.images for each in found.reliability.bins)
        axes.plot((0, 1), (0, 1), color=GREY, linestyle=":", linewidth=1)
        for each in found.reliability.bins:
            wide = each.high - each.low
            axes.bar(each.low, 0.15 * each.images / most, wide, align="edge", color="#d9d9d9")
            if each.said is not None and each.true is not None:
                ends = wilson_interval(each.true, each.images)
                axes.plot((each.said, each.said), ends, color=COLOURS[0], linewidth=0.9)
                axes.plot(each.said, each.true, color=COLOURS[0], marker="o", markersize=4)
        said = f"calibration error {found.reliability.error:.3f}\nlargest bin {most:,} images"
        axes.set_title(f"{axes.get_title(loc='left')}\n{said}", fontsize=TITLE_SIZE)
        _finish(axes, "probability of the prediction", "share that is correct")

    return _panels(runs, draw, more_in=0.26)


def histogram_figure(runs: Sequence[StudyRun]) -> "Figure":
    """Draw a panel for each run: how sure the correct and the wrong predictions were, in images."""

    def draw(axes: "Axes", split: SplitCurves) -> None:
        found = _confidence(split)
        if found is None or found.histogram is None:
            return
        histogram, wide = found.histogram, found.histogram.edges[1]
        left = histogram.edges[:-1]
        axes.bar(left, histogram.inside, wide, align="edge", color=COLOURS[5], label="correct")
        wrong = [-count for count in histogram.others]
        axes.bar(left, wrong, wide, align="edge", color=COLOURS[1], label="wrong")
        axes.axhline(0, color="#444444", linewidth=0.6)
        axes.yaxis.set_major_formatter(lambda value, _place: f"{abs(value):,.0f}")
        axes.set_xlabel("probability of the prediction")
        axes.set_ylabel("images")
        axes.spines[["top", "right"]].set_visible(False)
        legend_below(axes, 7, 2)

    return _panels(runs, draw, more_in=0.15)


def has_confidence(run: StudyRun) -> bool:
    """Tell whether the run's network gives probabilities that are kept."""
    return run.scores is not None and _confidence(run.scores) is not None


def _confidence(split: SplitCurves) -> ScoreCurves | None:
    found = split.named(ALL_CLASSES)
    return found if found is not None and found.reliability is not None else None


def _between(curves: ScoreCurves) -> str:
    """Format the interval of an AUC."""
    return "" if curves.auc_interval is None else " [{:.2f}, {:.2f}]".format(*curves.auc_interval)


def _panels(
    runs: Sequence[StudyRun], draw: Callable[["Axes", SplitCurves], None], *, more_in: float = 0.0
) -> "Figure":
    """Draw a panel for each of at most PANELS_A_FIGURE runs, with `more_in` inches for a legend below it or more lines
    above it."""
    columns = min(len(runs), 3)
    rows = math.ceil(len(runs) / columns)
    titles = [wrapped(title_among(run, runs), TITLE_LETTERS) for run in runs]
    title_in = 0.13 * max(title.count("\n") + 1 for title in titles)
    figure = new_figure(0.4 + 2.9 * columns, 0.2 + (2.8 + title_in + more_in) * rows)
    flat = list(figure.subplots(rows, columns, squeeze=False).flat)
    for axes, run, title in zip(flat, runs, titles, strict=False):
        axes.set_title(title, fontsize=TITLE_SIZE)
        if run.scores is not None:
            draw(axes, run.scores)
    for axes in flat[len(runs) :]:
        axes.set_visible(False)
    return figure


def _finish_roc(axes: "Axes") -> None:
    axes.plot((0, 1), (0, 1), color=GREY, linestyle=":", linewidth=1)
    _finish(axes, "1 − specificity", "sensitivity")


def _finish_steps(axes: "Axes", shares: Sequence[float]) -> None:
    for share in shares:
        axes.axhline(share, color=GREY, linestyle=":", linewidth=1)
    _finish(axes, "recall", "precision")


def _shares(runs: Sequence[StudyRun], name: str) -> list[float]:
    """Return the share of images to be found: the precision of a score that says nothing."""
    found = [run.scores.named(name) for run in runs if run.scores is not None]
    known = [each for each in found if each is not None and each.images and name != ALL_CLASSES]
    return sorted({each.positives / each.images for each in known})


def _finish(axes: "Axes", x: str, y: str) -> None:
    axes.set_xlim(-0.01, 1.01)
    axes.set_ylim(-0.01, 1.01)
    axes.set_xlabel(x)
    axes.set_ylabel(y)
    axes.grid(color="#e4e4e4", linewidth=0.6)
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)
