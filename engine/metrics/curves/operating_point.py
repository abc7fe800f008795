"""Threshold for a wished-for sensitivity or specificity, and what the network is worth at it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

from engine.metrics.counts import share
from engine.metrics.curves.ranked import rank
from engine.metrics.curves.target import Sides

Wished: TypeAlias = Literal["sensitivity", "specificity"]


@dataclass(frozen=True)
class OperatingPoint:
    """Counts of images at a threshold: positive where the score is at least that."""

    threshold: float
    found: int
    """Images of the class called positive."""
    missed: int
    alarms: int
    """Images of others called positive."""
    spared: int

    @property
    def sensitivity(self) -> float | None:
        return share(self.found, self.found + self.missed)

    @property
    def specificity(self) -> float | None:
        return share(self.spared, self.spared + self.alarms)

    @property
    def ppv(self) -> float | None:
        """Share of the images called positive that are; it depends on how frequent they are."""
        return share(self.found, self.found + self.alarms)

    @property
    def npv(self) -> float | None:
        """Share of the images called negative that are."""
        return share(self.spared, self.spared + self.missed)


def choose_threshold(sides: Sides, wished: Wished, value: float) -> float | None:
    """Return the threshold at which these images have at least the wished-for value, and the other one is best.

    Of a sensitivity the highest threshold that reaches it; of a specificity the lowest one. Infinite where only a
    threshold above all scores has the specificity. None where nothing can be ranked."""
    import numpy as np

    ranked = rank(sides)
    if ranked is None:
        return None
    if wished == "sensitivity":
        reached = np.flatnonzero(ranked.found >= value * ranked.positives - 1e-9)
        return float(ranked.thresholds[reached[0]])
    spared = ranked.negatives - ranked.alarms
    reached = np.flatnonzero(spared >= value * ranked.negatives - 1e-9)
    return float(ranked.thresholds[reached[-1]]) if len(reached) else float("inf")


def operating_point(sides: Sides, threshold: float) -> OperatingPoint:
    """Count the images of a split at a threshold that was chosen elsewhere."""
    called = sides.scores >= threshold
    found, alarms = int((called & sides.positives).sum()), int((called & ~sides.positives).sum())
    positives = int(sides.positives.sum())
    return OperatingPoint(threshold, found, positives - found, alarms, len(sides.scores) - positives - alarms)
