"""What chooses a run's best epoch: a metric of a split, named `<split>_<metric>` as in `val_acc`."""

from __future__ import annotations

from collections.abc import Sequence

from engine.problem import Problem, WayOut

ALWAYS_SELECTABLE = ("test_acc", "test_balanced_acc")
"""What every data set can choose by."""

ORDERLESS = (("choose {}", "acc"), ("{}", "balanced_acc"))
"""Metrics that classes without an order have, as ways out."""


def split_of(select_on: str) -> str:
    """`test` or `val`."""
    return select_on.partition("_")[0]


def selection_problem(select_on: str, *, has_val: bool, ordered: bool) -> Problem | None:
    """Why these data cannot choose an epoch so; None where they can."""
    split, _, metric = select_on.partition("_")
    if split == "val" and not has_val:
        ways = [WayOut("give {}", "val_fraction", 0.1)]
        return _unfit(f"{select_on} needs a val split", select_on, ways)
    if metric == "kappa" and not ordered:
        ways = [WayOut(word, "select_on", f"{split}_{other}") for word, other in ORDERLESS]
        return _unfit(f"{select_on} needs ordered classes", select_on, ways)
    return None


def _unfit(what: str, select_on: str, ways: Sequence[WayOut]) -> Problem:
    return Problem("select_on", "error", what, (select_on,), tuple(ways), "selection")


def is_optimistic(select_on: str, epochs: int) -> bool:
    """Whether the images that chose the epoch also measure it."""
    return split_of(select_on) == "test" and epochs > 1


def how_chosen(select_on: str, epochs: int) -> str:
    """What chose the best epoch of a run of so many, in a few words."""
    if epochs == 0:
        return "evaluated as it came"
    caution = " (the test images chose it: optimistic)" if is_optimistic(select_on, epochs) else ""
    return f"chosen by {select_on}{caution}"
