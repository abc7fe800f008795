"""Lines of a run's charts: its metrics by split, and what stands behind them. Pure."""

from collections.abc import Callable, Sequence
from typing import Any, assert_never

from engine.metrics.catalogue import ACCURACY, DRAWN, LOSS
from engine.metrics.metric import SPLIT_HEADINGS, Split, SplitMetric
from engine.metrics.metric import Chart as DeclaredChart
from tui.plots import INK, Line
from tui.views.run_view import RunView

Lines = Callable[[Any], list[Line]]
"""Function that makes the lines of a subject."""
BY_STEP = "train, by step"
OTHERS_FROM = 3
"""Index of the first of the compared runs' colours that no split has."""


def lines_of(declared: DeclaredChart, shown: Sequence[SplitMetric]) -> Lines:
    """Return a function that makes the lines of train, val and test; each split's main metric is drawn on top."""
    order = sorted(reversed(shown), key=lambda each: DRAWN.index(each.split), reverse=True)

    def lines(view: RunView) -> list[Line]:
        drawn = [(each, points) for each in order if (points := view.curves[each.key])]
        return (
            _beside(declared, view)
            + _pinned(order[-1], view)
            + [
                Line(_name(each, shown), points, _colour(each, shown), marker=_mark_of(each.split))
                for each, points in drawn
            ]
        )

    return lines


def _beside(declared: DeclaredChart, view: RunView) -> list[Line]:
    """Return lines that are not a run's metrics of epochs: its group's other members, the baseline, the loss by
    step."""
    found = []
    if declared is ACCURACY and view.group is not None and view.group.means:
        found.append(Line("peers", view.group.means, INK.dim, band=view.group.band))
    if declared is ACCURACY and view.baseline is not None:
        found.append(Line("baseline", ((0.0, view.baseline),), INK.baseline, level=True))
    if declared is LOSS and view.losses:
        found.append(Line(BY_STEP, view.losses, INK.train, marker=_mark_of("train")))
    return found


def _pinned(metric: SplitMetric, view: RunView) -> list[Line]:
    """Return the pinned run's line of a chart's main metric."""
    if view.beside is None or not (points := view.beside.curves[metric.key]):
        return []
    return [Line(view.beside.name, points, INK.dim, dashed=True, of=1)]


def _name(metric: SplitMetric, shown: Sequence[SplitMetric]) -> str:
    """Name a line by its split, by its metric where it is the only one, or by both where a split has several."""
    splits = [each.split for each in shown]
    if len(splits) == 1 and metric.split == "train":
        return metric.metric.short
    word = SPLIT_HEADINGS[metric.split]
    return f"{word} {metric.metric.short}" if len(set(splits)) < len(splits) else word


def _colour(metric: SplitMetric, shown: Sequence[SplitMetric]) -> tuple[int, int, int]:
    """Return the split's colour; further metrics of a split get colours of compared runs that no split has."""
    place = [each for each in shown if each.split == metric.split].index(metric)
    if place:
        return INK.runs[(OTHERS_FROM + place - 1) % len(INK.runs)]
    match metric.split:
        case "test":
            return INK.test
        case "val":
            return INK.val
        case "train" | "eval_train":
            return INK.test if len(shown) == 1 else INK.train
    assert_never(metric.split)


def _mark_of(split: Split) -> str:
    """Return the marker that tells a split's line apart without colours; empty where there are colours."""
    if INK.has_hues:
        return ""
    return {"val": "△", "test": "●"}.get(split, "○")
