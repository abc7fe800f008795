"""Dashes of a line. Pure."""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence

DASH, GAP = 3, 2
"""Characters of a dash and of the gap behind it."""

Points = Sequence[tuple[float, float]]


def dashes(points: Points, x: tuple[float, float], columns: int) -> list[list[tuple[float, float]]]:
    """Cut a line of two points or more into dashes, which have their places on the axis `x` of so many columns, so that
    they stay where they are while the line grows."""
    step = (x[1] - x[0]) / columns
    places = [point[0] for point in points]
    found = []
    for column in range(0, columns, DASH + GAP):
        first = max(x[0] + column * step, places[0])
        last = min(x[0] + (column + DASH) * step, places[-1])
        if first < last:
            between = points[bisect_right(places, first) : bisect_left(places, last)]
            found.append([(first, _at(points, places, first)), *between, (last, _at(points, places, last))])
    return found


def _at(points: Points, places: Sequence[float], x: float) -> float:
    """Interpolate the line."""
    after = min(max(bisect_left(places, x), 1), len(points) - 1)
    (left, low), (right, high) = points[after - 1], points[after]
    return low + (high - low) * ((x - left) / (right - left) if right > left else 1.0)
