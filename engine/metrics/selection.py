"""Metric that chooses a run's best epoch: a metric of a split, named `<split>_<metric>` as in `val_acc`."""

from __future__ import annotations

from collections.abc import Collection

from engine.metrics.catalogue import split_metrics
from engine.metrics.metric import SplitMetric
from engine.problem import IF_GRADES, Problem, WayOut

NEEDS_LITTLE = (("choose {}", "acc"), ("{}", "balanced_acc"))
"""Metrics that every data set and network has, as ways out."""


def selections() -> tuple[str, ...]:
    """Return the values that select_on may have."""
    return tuple(each.select_on for each in split_metrics() if each.select_on)


def always_selectable() -> frozenset[str]:
    """Return the values that every data set and network allows."""
    return frozenset(
        each.select_on
        for each in split_metrics()
        if each.select_on and each.split == "test" and not each.metric.needs
    )


def selected(select_on: str) -> SplitMetric:
    """Return the metric that select_on names. Raises KeyError."""
    return {each.select_on: each for each in split_metrics() if each.select_on}[select_on]


def split_of(select_on: str) -> str:
    """`test` or `val`."""
    return select_on.partition("_")[0]


def selection_problem(
    select_on: str,
    *,
    has_val: bool,
    ordered: bool,
    gives_grade: bool = False,
    empty_classes: Collection[str] = (),
) -> Problem | None:
    """Tell why no epoch can be chosen so; None where one can.

    `gives_grade`: the network predicts a grade of three classes or more instead of probabilities.
    `empty_classes`: those without images in the split that is chosen by."""
    found = selected(select_on)
    needs, ways = (
        found.metric.needs,
        [WayOut(word, "select_on", f"{found.split}_{other}") for word, other in NEEDS_LITTLE],
    )
    lacks = ""
    if found.split == "val" and not has_val:
        lacks, ways = "a val split", [WayOut("give {}", "val_fraction", 0.1)]
    elif "ordered classes" in needs and not ordered:
        lacks = "ordered classes"
        ways.append(IF_GRADES)
    elif "probabilities" in needs and gives_grade:
        lacks = "probabilities, and this loss makes the network give a grade"
    elif "every class" in needs and empty_classes:
        few = ", ".join(sorted(empty_classes)[:3])
        lacks = f"{found.split} images of every class, and {few} has none"
    if not lacks:
        return None
    what = f"{select_on} needs {lacks}"
    return Problem("select_on", "error", what, (select_on,), tuple(ways), "selection")


def is_optimistic(select_on: str, epochs: int) -> bool:
    """Return whether the images that chose the epoch also measure it."""
    return split_of(select_on) == "test" and epochs > 1


def how_chosen(select_on: str, epochs: int) -> str:
    """Return how the best epoch of a run of so many was chosen, in a few words."""
    if epochs == 0:
        return "evaluated as it came"
    caution = " (optimistic: best epoch chosen on test data)" if is_optimistic(select_on, epochs) else ""
    return f"chosen by {select_on}{caution}"
