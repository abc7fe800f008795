"""Smoothing of curves. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from tui.plots import INK, Line

Points = tuple[tuple[float, float], ...]
SMOOTHING = (0.0, 0.5, 0.8, 0.9, 0.95, 0.99)
"""Weights of the exponential moving average: none, then stronger and stronger."""


def strength(place: int, by: int = 0) -> int:
    """Return the place in SMOOTHING that is `by` further, within its ends; a place may come from a file."""
    return min(max(place + by, 0), len(SMOOTHING) - 1)


def smoothed_lines(lines: Iterable[Line], weight: float) -> list[Line]:
    """Return the lines as moving averages, each but the dashed before its faint original, in the order in which they
    are drawn."""
    found: list[Line] = []
    for line in lines:
        if weight and not line.level and len(line.points) > 2:
            if not line.dashed:
                found.append(replace(line, colour=INK.faint, faint=True))
            line = replace(line, points=smoothed(line.points, weight), band=_smoothed_band(line.band, weight))
        found.append(line)
    return sorted(found, key=lambda line: not line.faint)


def smoothed(points: Points, weight: float) -> Points:
    """Return the exponential moving average with bias correction (Kingma and Ba 2015, section 3)."""
    total = share = 0.0
    found = []
    for x, y in points:
        total = weight * total + (1 - weight) * y
        share = weight * share + (1 - weight)
        found.append((x, total / share))
    return tuple(found)


def _smoothed_band(
    band: Sequence[tuple[float, float, float]], weight: float
) -> tuple[tuple[float, float, float], ...]:
    """Smooth both ends of a band as its line is."""
    low, high = (smoothed(tuple((point[0], point[end]) for point in band), weight) for end in (1, 2))
    return tuple((x, below, above) for (x, below), (_, above) in zip(low, high, strict=True))
