"""Images in the order of their scores, counted at each threshold: the points of ROC and precision-recall curves.

An image is called positive where its score is at least the threshold; images of one score cross it together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from engine.metrics.curves.target import Sides

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True)
class Ranked:
    """Counts at each distinct score, from the highest to the lowest."""

    thresholds: NDArray[Any]
    """float64, descending."""
    found: NDArray[Any]
    """int64: positives whose score is at least the threshold."""
    alarms: NDArray[Any]
    """int64: negatives whose score is at least the threshold."""

    @property
    def positives(self) -> int:
        return int(self.found[-1])

    @property
    def negatives(self) -> int:
        return int(self.alarms[-1])


def rank(sides: Sides) -> Ranked | None:
    """Count the images at each threshold; None where a side has no image, or a score is NaN. n log n."""
    import numpy as np

    if sides.undefined:
        return None
    order = np.argsort(-sides.scores, kind="stable")
    scores, hits = sides.scores[order], sides.positives[order].astype(np.int64)
    ends = np.flatnonzero(np.append(np.diff(scores) != 0, True))
    found = np.cumsum(hits)[ends]
    return Ranked(scores[ends], found, ends + 1 - found)
