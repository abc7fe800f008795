"""Threshold of a score chosen on the val images and told on the test images."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, get_args

from engine.analysis.run_curves import EpochScores, GroupsOf
from engine.metrics.curves.operating_point import Rate, choose_threshold
from engine.metrics.curves.target import REFERABLE, Sides, Target, sides_of, targets_of

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from engine.analysis.comparison.share_interval import ShareInterval

RATES: tuple[Rate, ...] = get_args(Rate)


class ThresholdError(ValueError):
    """Threshold that cannot be chosen, in one line that says what to do."""


@dataclass(frozen=True)
class Criterion:
    """At least this sensitivity, or specificity, on the images that choose the threshold."""

    rate: Rate
    value: float


@dataclass(frozen=True)
class Told:
    """Worth of a threshold on a split; each share is None where it is a share of no image."""

    images: int
    positives: int
    sensitivity: ShareInterval | None
    specificity: ShareInterval | None
    ppv: ShareInterval | None
    npv: ShareInterval | None


@dataclass(frozen=True)
class ChosenThreshold:
    """Threshold of a run's best epoch with what it is worth on both splits."""

    target: Target
    criterion: Criterion
    epoch: int
    threshold: float
    """Images with at least this score are called positive; infinite where none is."""
    val: Told
    """On the images that chose it."""
    test: Told
    """On images that did not."""


def read_criterion(text: str) -> Criterion:
    """Read `sensitivity=0.9` or `specificity=0.95`. Raises ThresholdError."""
    name, _, number = text.partition("=")
    rate = next((each for each in RATES if each == name.strip().lower()), None)
    try:
        value = float(number)
    except ValueError:
        value = math.nan
    if rate is None or not 0 < value <= 1:
        raise ThresholdError(
            f"{text!r} is no criterion for a threshold: give sensitivity=0.9 or specificity=0.95, "
            "a share above 0 up to 1"
        )
    return Criterion(rate, value)


def find_target(name: str | None, class_names: Sequence[str], *, ordered: bool, gives_grade: bool) -> Target:
    """Return the class of that name; without one, referable or the only class. Raises ThresholdError."""
    known = targets_of(class_names, ordered=ordered, gives_grade=gives_grade)
    if not known:
        raise ThresholdError(
            "the network gives a grade of classes in no order: it has no score to set a threshold on"
        )
    if name is None and (len(known) == 1 or known[-1].label is None):
        return known[-1]
    choices = ", ".join(each.name for each in known)
    if name is None:
        raise ThresholdError(f"of which class? Give --class with one of: {choices}")
    found = next((each for each in known if each.name == name), None)
    if found is None:
        why = ""
        if name == REFERABLE:
            why = (
                " (referable needs three ordered grades or more: edit ID --ordered on, if they are in order)"
            )
        raise ThresholdError(
            f"{name!r} is no class that a threshold can be set on{why}: choose from {choices}"
        )
    return found


def threshold_for(
    found: EpochScores, target: Target, criterion: Criterion, *, groups_of: GroupsOf = lambda _names: None
) -> ChosenThreshold:
    """Choose a threshold on the val images and count the test images at it.

    Raises ThresholdError where the run has no val images: chosen on the test images, it would be told on the images
    that it was fitted to; and where a side has no image in a split."""
    if found.val is None:
        raise ThresholdError(
            "no val predictions: a threshold chosen on the test images would be told on the images that chose it. "
            "Train with a val split (--val-fraction 0.1), or read the curve of the test images: show ID --curves"
        )
    val, test = (sides_of(target, split.labels, split.scores) for split in (found.val, found.test))
    for name, sides in (("val", val), ("test", test)):
        if sides.undefined:
            raise ThresholdError(f"no threshold for {target.name}: among the {name} images {sides.undefined}")
    threshold = choose_threshold(val, criterion.rate, criterion.value)
    assert threshold is not None
    told = [
        _told(sides, threshold, groups_of(split.names))
        for sides, split in ((val, found.val), (test, found.test))
    ]
    return ChosenThreshold(target, criterion, found.epoch, threshold, *told)


def _told(sides: Sides, threshold: float, groups: Sequence[str] | None) -> Told:

    from engine.analysis.comparison.share_interval import share_interval

    is_it, called = sides.positives, sides.scores >= threshold

    def share(hits: NDArray[np.bool_], of: NDArray[np.bool_]) -> ShareInterval | None:
        own = None if groups is None else [group for group, is_in in zip(groups, of, strict=True) if is_in]
        return share_interval(hits[of], own) if of.any() else None

    return Told(
        images=len(is_it),
        positives=int(is_it.sum()),
        sensitivity=share(called, is_it),
        specificity=share(~called, ~is_it),
        ppv=share(is_it, called),
        npv=share(~is_it, ~called),
    )
