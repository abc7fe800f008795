"""Curves of fewer points that look the same: no corner is lost."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.metrics.curves.roc import Curve

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

TOLERANCE = 0.0005
"""Largest distance of a point that is left out from the line that replaces it, in units of the axes: below a pixel."""


def thinned(curve: Curve, tolerance: float = TOLERANCE) -> Curve:
    """Return the curve with the points that its shape needs (Douglas and Peucker, Cartographica 10 (1973) 112).

    Both ends stay; each point that goes lies within `tolerance` of the line between its neighbours that stay."""
    keep = _needed(curve.x, curve.y, tolerance)
    return Curve(curve.x[keep], curve.y[keep], curve.thresholds[keep], curve.area)


def _needed(x: NDArray[np.float64], y: NDArray[np.float64], tolerance: float) -> NDArray[np.bool_]:
    import numpy as np

    keep = np.zeros(len(x), dtype=bool)
    keep[[0, -1]] = True
    waiting = [(0, len(x) - 1)]
    while waiting:
        first, last = waiting.pop()
        if last - first < 2:
            continue
        dx, dy = x[last] - x[first], y[last] - y[first]
        inside = slice(first + 1, last)
        off = np.hypot(dx, dy)
        if off:
            gaps = np.abs(dx * (y[inside] - y[first]) - dy * (x[inside] - x[first])) / off
        else:
            gaps = np.hypot(x[inside] - x[first], y[inside] - y[first])
        far = int(np.argmax(gaps))
        if gaps[far] > tolerance:
            middle = first + 1 + far
            keep[middle] = True
            waiting += [(first, middle), (middle, last)]
    return keep
