"""Mean of several curves with its band, ± one standard deviation. Pure."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from engine.analysis.summary import spread

Points = Sequence[tuple[float, float]]
Band = tuple[tuple[float, float, float], ...]
"""Place, mean less and mean plus one standard deviation."""


class BandPoint(NamedTuple):
    """Mean of the curves that have a value at `x`; `low` and `high` are None where a single one has."""

    x: float
    mean: float
    low: float | None
    high: float | None
    n: int


def mean_band(curves: Iterable[Points]) -> tuple[BandPoint, ...]:
    """Return the mean of curves at each place where any of them has a value, with a sample standard deviation to both
    sides."""
    at: dict[float, list[float]] = {}
    for curve in curves:
        for x, y in curve:
            at.setdefault(x, []).append(y)
    return tuple(_point(x, at[x]) for x in sorted(at))


def _point(x: float, values: Sequence[float]) -> BandPoint:
    n, mean, sd = spread(values)
    assert mean is not None, "a place without values"
    return BandPoint(x, mean, mean - sd if sd is not None else None, mean + sd if sd is not None else None, n)


def means_of(points: Iterable[BandPoint]) -> tuple[tuple[float, float], ...]:
    return tuple((point.x, point.mean) for point in points)


def ends_of(points: Iterable[BandPoint]) -> Band:
    """Return the band where it has a width."""
    return tuple(
        (point.x, point.low, point.high)
        for point in points
        if point.low is not None and point.high is not None
    )


def curves_counted(points: Sequence[BandPoint]) -> str:
    """Write how many curves a mean is of: `5`, or `2–5` where some have ended or not got as far."""
    counts = {point.n for point in points}
    if not counts:
        return "0"
    return str(max(counts)) if len(counts) == 1 else f"{min(counts)}–{max(counts)}"
