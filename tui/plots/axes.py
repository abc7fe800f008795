"""Ranges and ticks of the axes of line charts."""

import itertools
import math
from collections.abc import Iterator, Sequence

MARGIN = 0.05
"""Share of the values' range that stays free above and below them."""
LEAST_SHARE = 0.02
"""Smallest range of an axis of shares: less would make noise look like a trend."""
LEAST_APART = 5
"""Characters from the first epoch's tick to the next."""
NEAR = 0.5
"""Distance of a level from the values, as a share of their range, up to which the axis reaches for it."""


def y_range(
    values: Sequence[float], levels: Sequence[float] = (), *, is_share: bool, log: bool
) -> tuple[float, float]:
    """Return the range of the y axis: that of the values with a margin, within 0 to 1 for shares, and with the levels
    that lie near. `log`: all are logarithms already."""
    low, high = min(values), max(values)
    near = (high - low) * NEAR
    levels = [level for level in levels if low - near <= level <= high + near]
    low, high = min(low, *levels, low), max(high, *levels, high)
    if is_share and not log:
        pad = max((high - low) * MARGIN, (LEAST_SHARE - high + low) / 2)
        low, high = low - pad, high + pad
        return max(min(low, 1 - LEAST_SHARE), 0.0), min(max(high, LEAST_SHARE), 1.0)
    if high - low < 1e-12:
        pad = abs(high) / 10 or 0.5
        return low - pad, high + pad
    pad = (high - low) * MARGIN
    return (low - pad, high + pad) if log or low < 0 else (max(low - pad, 0.0), high + pad)


def y_ticks(low: float, high: float, height: int, *, log: bool) -> tuple[list[float], list[str]]:
    """Return y ticks at round numbers (1, 2 or 5 times a power of ten), about one label per three rows."""
    most = max(height // 3, 2)
    if log:
        exponents = range(math.floor(low), math.ceil(high) + 1)
        marks = [factor * 10.0**exponent for exponent in exponents for factor in (1, 2, 5)]
        levels = [mark for mark in marks if low <= math.log10(mark) <= high]
        while len(levels) > most:
            levels = levels[::2]
        levels = levels or [10 ** ((low + high) / 2)]
        return [math.log10(level) for level in levels], [_number(level) for level in levels]
    rounds = _round_numbers((high - low) / most / 10)
    levels, step = _multiples(low, high, before := next(rounds)), before
    while len(levels) > most:
        before, step = step, next(rounds)
        levels = _multiples(low, high, step)
    if len(levels) < 2:  # one label gives no scale
        levels, step = _multiples(low, high, before), before
    return levels, [_number(level, step) for level in levels]


def _round_numbers(least: float) -> Iterator[float]:
    """Return 1, 2 or 5 times powers of ten, from about `least` on."""
    for exponent in itertools.count(math.floor(math.log10(least))):
        yield from (factor * 10.0**exponent for factor in (1, 2, 5))


def _multiples(low: float, high: float, step: float) -> list[float]:
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return [number * step for number in range(first, last + 1)]


def _number(value: float, step: float | None = None) -> str:
    """Write a label; with the digits that tell it from those a `step` away, where one is given."""
    if step is None or not value:
        return f"{value:.3g}"
    if 1e-3 <= step < 1e5:
        places = max(0, -math.floor(math.log10(step) + 1e-9))
        return f"{value:,.{places}f}"
    digits = math.floor(math.log10(abs(value))) - math.floor(math.log10(step) + 1e-9) + 1
    return f"{value:.{max(digits, 1)}g}"


def epoch_ticks(first: float, last: float, width: int) -> tuple[list[float], list[str]]:
    """Return x ticks, about one per ten characters, on whole epochs where the window spans at least one; the first
    epoch has one where there is room."""
    span = max(last - first, 1e-9)
    most = max(width // 10, 2)
    step = next(size for size in _round_numbers(span / most / 10) if span / size <= most)
    if span >= 1:
        step = max(step, 1.0)
    places = _multiples(first, last, step)
    if first == round(first) and places and (places[0] - first) / span * width >= LEAST_APART:
        places.insert(0, first)
    digits = max(0, -math.floor(math.log10(step) + 1e-9))
    return places, [f"{place:.{digits}f}" for place in places]
