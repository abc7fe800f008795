"""Threshold that reaches a required sensitivity or specificity."""

from __future__ import annotations

from typing import Literal, TypeAlias

from engine.metrics.curves.ranked import rank
from engine.metrics.curves.target import Sides

Rate: TypeAlias = Literal["sensitivity", "specificity"]


def choose_threshold(sides: Sides, rate: Rate, value: float) -> float | None:
    """Return the threshold at which these images have at least the required value of a rate, and the other one is best.

    Of a sensitivity the highest threshold that reaches it; of a specificity the lowest one. Infinite where only a
    threshold above all scores has the specificity. None where nothing can be ranked."""
    import numpy as np

    ranked = rank(sides)
    if ranked is None:
        return None
    if rate == "sensitivity":
        reached = np.flatnonzero(ranked.found >= value * ranked.positives - 1e-9)
        return float(ranked.thresholds[reached[0]])
    spared = ranked.negatives - ranked.alarms
    reached = np.flatnonzero(spared >= value * ranked.negatives - 1e-9)
    return float(ranked.thresholds[reached[-1]]) if len(reached) else float("inf")
