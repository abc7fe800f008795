"""Slopes of the logarithm of a cost over that of a size."""

import math
import statistics
from collections.abc import Mapping
from typing import NamedTuple

from benchmarks.growth.act import Act
from benchmarks.growth.probe import Cost

LEAST_MB = 2.0
"""Memory below this is the allocator's grain: no slope is told of it."""
HEAD = (
    "act",
    "sizes",
    "processor time, median of n ≥ 3",
    "slope of each decade",
    "last slope's range",
    "memory, MB",
    "its slope",
)


class Slope(NamedTuple):
    """Exponent of growth between two sizes; 1 is linear."""

    middle: float
    low: float
    high: float


def slope_between(sizes: tuple[int, int], small: Cost, large: Cost) -> Slope:
    """Return the slope of the median times, and of the extremes: the slowest small and the fastest large, and the other
    way round."""

    def of(before: float, after: float) -> float:
        return math.log(after / before) / math.log(sizes[1] / sizes[0])

    middle = of(statistics.median(small.seconds), statistics.median(large.seconds))
    return Slope(
        middle, of(max(small.seconds), min(large.seconds)), of(min(small.seconds), max(large.seconds))
    )


def memory_slope(sizes: tuple[int, int], small: Cost, large: Cost) -> float | None:
    """Return the slope of the peak memory; None where it is too small to tell."""
    if small.memory_mb < LEAST_MB:
        return None
    return math.log(max(large.memory_mb, LEAST_MB) / small.memory_mb) / math.log(sizes[1] / sizes[0])


def row(act: Act, costs: Mapping[int, Cost]) -> str:
    """Return the act's line of the table."""
    pairs = list(zip(act.sizes, act.sizes[1:], strict=False))
    slopes = [slope_between(pair, costs[pair[0]], costs[pair[1]]) for pair in pairs]
    memory = memory_slope(pairs[-1], costs[pairs[-1][0]], costs[pairs[-1][1]])
    cells = (
        act.name + (f" ({act.note})" if act.note else ""),
        " / ".join(f"{size:,}" for size in act.sizes),
        " / ".join(_time(statistics.median(costs[size].seconds)) for size in act.sizes),
        " / ".join(f"{each.middle:.2f}" for each in slopes),
        f"{slopes[-1].low:.2f} to {slopes[-1].high:.2f}",
        " / ".join(f"{costs[size].memory_mb:.0f}" for size in act.sizes),
        "–" if memory is None else f"{memory:.2f}",
    )
    return f"| {' | '.join(cells)} |"


def _time(seconds: float) -> str:
    for unit, scale in (("s", 1.0), ("ms", 1e-3)):
        if seconds >= scale:
            return f"{seconds / scale:.3g} {unit}"
    return f"{seconds / 1e-6:.0f} µs"
