"""What chooses a run's best epoch: a metric of a split, named `<split>_<metric>` as in `val_acc`."""

from __future__ import annotations

ALWAYS_SELECTABLE = ("test_acc", "test_balanced_acc")
"""What every data set can choose by."""


def split_of(select_on: str) -> str:
    """`test` or `val`."""
    return select_on.partition("_")[0]


def selection_problem(select_on: str, *, has_val: bool, ordered: bool) -> str | None:
    """Why these data cannot choose an epoch so, as one line that says what to do; None where they can."""
    split, _, metric = select_on.partition("_")
    if split == "val" and not has_val:
        return f"select_on {select_on} needs a val split: give --val-fraction 0.1"
    if metric == "kappa" and not ordered:
        return f"select_on {select_on} needs ordered classes: choose {split}_acc or {split}_balanced_acc"
    return None


def is_optimistic(select_on: str, epochs: int) -> bool:
    """Whether the images that chose the epoch also measure it."""
    return split_of(select_on) == "test" and epochs > 1


def how_chosen(select_on: str, epochs: int) -> str:
    """What chose the best epoch of a run of so many, in a few words."""
    if epochs == 0:
        return "evaluated as it came"
    caution = " (the test images chose it: optimistic)" if is_optimistic(select_on, epochs) else ""
    return f"chosen by {select_on}{caution}"
