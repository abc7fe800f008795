"""Macro average of the classes' curves: each class counts the same, however few its images."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from engine.metrics.curves.roc import Curve

if TYPE_CHECKING:
    from numpy.typing import NDArray


def macro_curve(curves: Sequence[Curve]) -> Curve:
    """Return the vertical average of curves: at each x the unweighted mean of their y (Fawcett, An introduction to ROC
    analysis, Pattern Recognition Letters 27 (2006) 861, algorithm 3), at the x of all points, so that nothing is
    rounded.

    Its area is the mean of the classes' areas: macro AUC, or the mean of the average precisions. Where a curve rises or
    falls at an x, so does the mean. It has no thresholds: at one x each class has its own."""
    import numpy as np

    xs = np.unique(np.concatenate([curve.x for curve in curves]))
    before, after = np.zeros_like(xs), np.zeros_like(xs)
    for (
        curve
    ) in curves:  # added up one by one: a thousand classes would not fit into memory beside each other
        before += _limit(curve, xs, "left") / len(curves)
        after += _limit(curve, xs, "right") / len(curves)
    x, y = np.repeat(xs, 2), np.stack([before, after], axis=1).ravel()
    keep = np.append(True, (np.diff(x) != 0) | (np.diff(y) != 0))
    area = float(np.mean([curve.area for curve in curves]))
    return Curve(x[keep], y[keep], np.full(int(keep.sum()), np.nan), area)


def _limit(curve: Curve, xs: NDArray[Any], side: str) -> NDArray[Any]:
    """Return the curve's y when each x is approached from the left, or from the right; at its ends the end's y."""
    import numpy as np

    if side == "left":
        at = np.searchsorted(curve.x, xs, side="left")  # the first point at or beyond x
        before, after = np.maximum(at - 1, 0), np.minimum(at, len(curve.x) - 1)
    else:
        at = np.searchsorted(curve.x, xs, side="right")  # the first point beyond x
        before, after = np.maximum(at - 1, 0), np.minimum(at, len(curve.x) - 1)
    span = curve.x[after] - curve.x[before]
    share = np.divide(xs - curve.x[before], span, out=np.zeros_like(xs), where=span > 0)
    if side == "left":
        share = np.where(span > 0, share, 1.0)
    return curve.y[before] + share * (curve.y[after] - curve.y[before])  # type: ignore[no-any-return]
