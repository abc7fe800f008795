"""Histogram of a score, apart for two kinds of images: those of a class and the others, or correct and wrong ones."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

BINS = 20


@dataclass(frozen=True)
class ScoreHistogram:
    """Counts of images by score, in bins of equal width."""

    edges: tuple[float, ...]
    """One more than there are bins; a score on an edge is counted in the bin above it, the highest edge in the last."""
    inside: tuple[int, ...]
    """Images of the class, or correct ones."""
    others: tuple[int, ...]


def score_histogram(is_inside: ArrayLike, scores: ArrayLike, highest: float = 1.0) -> ScoreHistogram | None:
    """Count scores from 0 to `highest`; a grade outside of that is counted at its end.

    None without images or where a score is not finite."""
    import numpy as np

    sides, values = np.asarray(is_inside, dtype=bool), np.asarray(scores, dtype=np.float64)
    if not len(values) or not np.isfinite(values).all():
        return None
    edges = np.linspace(0, highest, BINS + 1)
    values = np.clip(values, 0, highest)
    inside, others = (np.histogram(values[side], edges)[0].tolist() for side in (sides, ~sides))
    return ScoreHistogram(tuple(edges.tolist()), tuple(inside), tuple(others))
