"""ROC curve: sensitivity over 1 − specificity at all thresholds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from engine.metrics.curves.ranked import Ranked

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True)
class Curve:
    """Points of a curve in the unit square, from left to right, and what they come to."""

    x: NDArray[Any]
    """float64: 1 − specificity of a ROC curve, recall of a precision-recall curve."""
    y: NDArray[Any]
    """float64: sensitivity, or precision."""
    thresholds: NDArray[Any]
    """float64: images with at least this score are called positive; infinite where none is; NaN of a mean of curves."""
    area: float
    """AUC, or average precision: of all points, also where fewer are kept for drawing."""


def roc_curve(ranked: Ranked) -> Curve:
    """Return the empirical ROC curve, from (0, 0) to (1, 1), a point for each distinct score.

    The same points as scikit-learn's `roc_curve(drop_intermediate=False)`. Its area by trapezoids counts ties half
    (Hanley and McNeil, Radiology 143 (1982) 29), as `auc` does."""
    import numpy as np

    x = np.concatenate(([0.0], ranked.alarms / ranked.negatives))
    y = np.concatenate(([0.0], ranked.found / ranked.positives))
    area = float(np.sum(np.diff(x) * (y[1:] + y[:-1])) / 2)
    return Curve(x, y, np.concatenate(([np.inf], ranked.thresholds)), area)
