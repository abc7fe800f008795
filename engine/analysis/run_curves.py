"""Curves of a run from its files: of the best and of the last epoch, on the test and the val split."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from engine.files.paths import RunPaths
from engine.metrics.curves.split_curves import SplitCurves, split_curves

if TYPE_CHECKING:
    from engine.files.epoch_predictions import Scored

GroupsOf = Callable[[Sequence[str]], Sequence[str] | None]
"""Function that gives the group of each image by its name; None where each image stands alone."""


@dataclass(frozen=True)
class EpochScores:
    """Files of the best or of the last epoch."""

    epoch: int
    test: Scored
    val: Scored | None
    """None without a val split, and for a run of a version that did not keep its predictions."""


@dataclass(frozen=True)
class EpochCurves:
    """Curves of the best or of the last epoch."""

    epoch: int
    test: SplitCurves
    val: SplitCurves | None
    counted: str = ""
    """Units that the intervals count, in words; empty where nobody asked for groups."""


def none_measured(status: str) -> str:
    """Return what a run without a measured epoch did: `failed before its first epoch was measured`."""
    match status:
        case "failed":
            return "failed before its first epoch was measured"
        case "cancelled":
            return "was cancelled before its first epoch was measured"
    return "has measured no epoch yet"


def _why_missing(status: str, *, last: bool) -> str:
    """Return why a file of the best or of the last epoch, which was measured, is not there."""
    match status:
        case "failed" if last:
            return "they are written when a run is done, and this one failed"
        case "cancelled" if last:
            return "they are written when a run is done, and this one was cancelled"
        case "queued" | "running" | "paused" if last:
            return "they are written when the run is done"
    return "they may have been pruned"


def read_epoch_scores(
    paths: RunPaths, class_names: Sequence[str], epoch: int, *, last: bool, status: str
) -> EpochScores | str:
    """Read the scores of the best or of the last epoch, which is `epoch`, or return one line on why there are none,
    for a run of this status."""
    from engine.files.epoch_predictions import read_scored, read_val_scored

    which = "last" if last else "best"
    missing = next(
        (each for each in (paths.scores(last=last), paths.predictions(last=last)) if not each.exists()), None
    )
    if missing is not None:
        why = _why_missing(status, last=last)
        return f"the scores of the {which} epoch are not here ({missing.name} is missing): {why}"
    test = read_scored(paths, class_names, epoch, last=last)
    if test is None:
        return f"the scores of the {which} epoch cannot be read, or are of another epoch than {epoch}"
    val = read_val_scored(paths, class_names, last=last)
    if val is not None and val.epoch != epoch:
        return (
            f"the val scores of the {which} epoch are of epoch {val.epoch}, not of {epoch}: "
            "a new one was just written, ask again"
        )
    return EpochScores(epoch, test, val)


def curves_of(
    found: EpochScores,
    class_names: Sequence[str],
    *,
    ordered: bool,
    groups_of: GroupsOf = lambda _names: None,
    counted: str = "",
) -> EpochCurves:
    """Compute the curves of both splits."""

    def of(split: Scored) -> SplitCurves:
        return split_curves(
            split.labels,
            split.scores,
            split.predictions,
            class_names,
            ordered=ordered,
            groups=groups_of(split.names),
        )

    val = of(found.val) if found.val is not None else None
    return EpochCurves(found.epoch, of(found.test), val, counted)
