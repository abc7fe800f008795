"""Ranges and ticks of the axes of line charts."""

import itertools
import math
from collections.abc import Iterator, Sequence
from typing import Final, Literal, assert_never

Axis = Literal["epoch", "step", "time"]
EPOCH: Final = "epoch"
STEP: Final = "step"
TIME: Final = "time"
AXIS_WORDS: dict[Axis, str] = {EPOCH: "epoch", STEP: "step", TIME: "time of training"}
TICK_CELLS = {EPOCH: 8, STEP: 12, TIME: 14}
"""Characters from a tick of the x axis to the next, at least."""

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
        if len(levels) > 1:
            return [math.log10(level) for level in levels], [_number(level) for level in levels]
        levels, labels = y_ticks(10**low, 10**high, height, log=False)  # less than a decade
        return [math.log10(level) for level in levels], labels
    step, levels = _fitting(low, high, most, _round_numbers((high - low) / most / 10))
    return levels, [_number(level, step) for level in levels]


def _fitting(low: float, high: float, most: int, steps: Iterator[float]) -> tuple[float, list[float]]:
    """Return the first of these steps, from small to large, of which at most `most` multiples are in the range, and
    these; the one before where there would be a single one, for that gives no scale."""
    before = step = next(steps)
    while (high - low) / step > most + 1 or len(_multiples(low, high, step)) > most:
        before, step = step, next(steps)
    levels = _multiples(low, high, step)
    return (step, levels) if len(levels) > 1 else (before, _multiples(low, high, before))


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


def x_ticks(axis: Axis, first: float, last: float, width: int) -> tuple[list[float], list[str]]:
    """Return x ticks, about one per TICK_CELLS, on whole epochs and steps where the window spans at least one; the
    first epoch has one where there is room."""
    span = max(last - first, 1e-9)
    most = max(width // TICK_CELLS[axis], 2)
    least = 1.0 if axis != TIME and span >= 1 else 0.0
    steps = _round_times() if axis == TIME else _round_numbers(span / most / 10)
    step, places = _fitting(first, last, most, (step for step in steps if step >= least))
    is_whole = axis == EPOCH and first == round(first)
    if is_whole and step == 2:  # 1, 3, 5: the first would be too close to 2
        places = [first + number * step for number in range(int(span // step) + 1)]
    elif is_whole and places and (places[0] - first) / span * width >= LEAST_APART:
        places.insert(0, first)
    return places, [x_shown(axis, place, step) for place in places]


def x_shown(axis: Axis, x: float, step: float | None = None) -> str:
    """Write a place of an axis, without its name: `3`, `12,000`, `1 h 30 m`; exact to about a `step`."""
    match axis:
        case "time":
            return _time_shown(x)
        case "epoch" | "step":
            digits = 0 if step is None or step >= 1 else -math.floor(math.log10(step) + 1e-9)
            return f"{x:.4g}" if step is None and axis == EPOCH else f"{x:,.{digits}f}"
    assert_never(axis)


def _time_shown(x: float) -> str:
    """Write a time of training without the parts that are 0: `2 h`, `1 h 30 m`, `1 m 5 s`, `0.25 s`."""
    if x < 60:
        return f"{x:.3g} s"
    seconds = round(x)
    hours, minutes, seconds = seconds // 3600, seconds // 60 % 60, seconds % 60
    parts = [(hours, "h"), (minutes, "m"), (seconds, "s")]
    return " ".join(f"{part} {unit}" for part, unit in parts if part)


def _round_times() -> Iterator[float]:
    """Return seconds: parts of one, of a minute, of an hour, and hours."""
    yield from itertools.takewhile(lambda size: size < 10, _round_numbers(0.001))
    yield from (10.0, 15.0, 30.0)
    yield from (60.0 * minutes for minutes in (1, 2, 5, 10, 15, 30))
    yield from (3600.0 * hours for hours in (1, 2, 3, 6, 12))
    yield from (86400.0 * days for days in _round_numbers(1.0))
