"""Line charts over epochs: zoomed, smoothed or logarithmic, with a cursor that reads values."""

import math
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from textual_plotext.plot import Plot

from tui.formatting import decimals
from tui.plots.canvas import as_characters, clear, thin, write
from tui.plots.ink import INK, Colour
from tui.plots.shade import Area, Cells, draw_edges, shade_cells

LABEL_CELLS = 7
"""Approximate width of the y axis with its numbers, in characters."""

MARKER_CELLS = 6
"""Approximate distance between a line's markers, in characters."""


@dataclass(frozen=True)
class Line:
    """Line of finite values over epochs, in order."""

    name: str
    points: tuple[tuple[float, float], ...]
    colour: Colour
    faint: bool = False
    """True for a curve before smoothing: drawn behind the others, and not read by the cursor."""
    level: bool = False
    """True for a constant line, such as the baseline."""
    band: tuple[tuple[float, float, float], ...] = ()
    """Place, low and high end of what lies around the line, such as mean ± standard deviation; empty for none."""
    marker: str = ""
    """Marker on some of the points, to tell lines apart without colours; empty for none."""
    of: int | None = None
    """Place of the run or group that it is of, where several are compared."""


@dataclass(frozen=True)
class Chart:
    """Chart of one quantity."""

    title: str
    lines: tuple[Line, ...]
    """In the order in which they are drawn: the last is on top."""
    first: float
    last: float
    """Range of the x axis: `first` to `last`, in epochs."""
    is_share: bool = False
    """True for shares such as accuracies: the y axis ends at 1."""
    log: bool = False
    cursor: float | None = None
    empty: str = "nothing measured yet"
    """Text shown where no line has a point in the window."""


def draw_chart(plot: Plot, chart: Chart, width: int, height: int) -> Cells:
    """Draw a chart, and return the grounds of its bands."""
    clear(plot, width, height)
    inside = [_window(line, chart) for line in chart.lines]
    bands = [_band(line, chart) for line in chart.lines]
    values = [y for points in inside for _, y in points] + [
        y for band in bands for _, *ends in band for y in ends
    ]
    if not any(inside):
        as_characters(plot, width, height)
        write(plot, chart.empty, 0, height - 1, INK.dim)
        return {}
    low, high = bounds(values, is_share=chart.is_share, log=chart.log)
    plot.xlim(chart.first, chart.last)
    plot.ylim(low, high)
    levels, labels = _ticks(low, high, height, log=chart.log)
    plot.yticks(levels, labels)
    plot.xticks(*_epochs(chart.first, chart.last, width))
    for line, points, band in zip(chart.lines, inside, bands, strict=True):
        if band and not INK.has_hues:
            draw_edges(plot, band, line.colour)
        _draw_line(plot, line, points, chart, width)
    if chart.cursor is not None and chart.first <= chart.cursor <= chart.last:
        plot.vline(chart.cursor, color=INK.cursor)
    area = Area.inside((width, height), labels, (chart.first, chart.last), (low, high))
    coloured = [(band, line.colour) for line, band in zip(chart.lines, bands, strict=True)]
    return shade_cells(coloured, area) if INK.has_hues else {}


def _draw_line(plot: Plot, line: Line, points: list[tuple[float, float]], chart: Chart, width: int) -> None:
    if not points:
        return
    if line.level:
        points = [(chart.first, points[0][1]), (chart.last, points[0][1])]
    shown = thin(points, 2 * max(width - LABEL_CELLS, 8))
    if len(shown) == 1:
        plot.scatter(*zip(*shown, strict=True), marker=line.marker or "●", color=line.colour)
    else:
        plot.plot(*zip(*shown, strict=True), marker="braille", color=line.colour)
    if line.marker and not line.faint:
        every = max(len(shown) * MARKER_CELLS // max(width - LABEL_CELLS, 1), 1)
        plot.scatter(*zip(*shown[::-every], strict=True), marker=line.marker, color=line.colour)


def _window(line: Line, chart: Chart) -> list[tuple[float, float]]:
    """Return the points in the chart's window, on its scale; a level is always in it."""
    seen = [(x, y) for x, y in line.points if line.level or chart.first <= x <= chart.last]
    return [(x, math.log10(y)) for x, y in seen if y > 0] if chart.log else seen


def _band(line: Line, chart: Chart) -> list[tuple[float, float, float]]:
    """Return the band in the chart's window, on its scale; on a logarithmic one only where it is above 0."""
    if line.faint:
        return []
    seen = [point for point in line.band if chart.first <= point[0] <= chart.last]
    return [(x, math.log10(low), math.log10(high)) for x, low, high in seen if low > 0] if chart.log else seen


def bounds(values: Sequence[float], *, is_share: bool, log: bool) -> tuple[float, float]:
    """Return the y range: whole tenths up to 1 for shares, else with a margin; `log` values are logarithms already."""
    low, high = min(values), max(values)
    if is_share and not log:
        return min(math.floor(10 * low) / 10, 0.9), max(1.0, high)
    if high - low < 1e-12:
        pad = abs(high) / 10 or 0.5
        return low - pad, high + pad
    pad = (high - low) / 20
    return (low - pad, high + pad) if log or low < 0 else (max(low - pad, 0.0), high + pad)


def _ticks(low: float, high: float, height: int, *, log: bool) -> tuple[list[float], list[str]]:
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
    step = next(
        size
        for size in (
            factor * 10.0 ** (exponent)
            for exponent in range(math.floor(math.log10((high - low) / most)) - 1, 40)
            for factor in (1, 2, 5)
        )
        if (high - low) / size <= most
    )
    first = math.ceil(low / step - 1e-9)
    levels = [number * step for number in range(first, math.floor(high / step + 1e-9) + 1)]
    return levels, [_number(level, step) for level in levels]


def _number(value: float, step: float | None = None) -> str:
    if step is not None and 1e-3 <= step < 1e5:
        places = max(0, -math.floor(math.log10(step) + 1e-9))
        return f"{value:,.{places}f}"
    return f"{value:.3g}"


def _epochs(first: float, last: float, width: int) -> tuple[list[float], list[str]]:
    """Return x ticks, at most one per ten characters, on whole epochs where the window spans at least two."""
    span = max(last - first, 1e-9)
    most = max(width // 10, 2)
    step = next(
        size
        for size in (factor * 10.0**power for power in range(-4, 9) for factor in (1, 2, 5))
        if span / size <= most
    )
    if span >= 2:
        step = max(step, 1.0)
    start = math.ceil(first / step - 1e-9)
    places = [number * step for number in range(start, math.floor(last / step + 1e-9) + 1)]
    digits = max(0, -math.floor(math.log10(step) + 1e-9))
    return places, [f"{place:.{digits}f}" for place in places]


def reading(chart: Chart) -> list[tuple[Line, float | None]]:
    """Return each line's value at the point nearest to the cursor; None where no point is near."""
    if chart.cursor is None:
        return []
    return [(line, value_at(line, chart.cursor)) for line in chart.lines if not line.faint]


def value_at(line: Line, x: float) -> float | None:
    if not line.points:
        return None
    if line.level:
        return line.points[0][1]
    places = [point[0] for point in line.points]
    near = bisect_left(places, x)
    candidates = line.points[max(near - 1, 0) : near + 1]
    found = min(candidates, key=lambda point: abs(point[0] - x))
    gaps = [after - before for before, after in pairwise(places)]
    reach = max(gaps, default=1.0) / 2 + 1e-9
    return found[1] if abs(found[0] - x) <= reach else None


def value_shown(value: float | None, *, is_share: bool) -> str:
    if value is None:
        return "–"
    return decimals(value) if is_share else f"{value:,.0f}" if abs(value) >= 100 else f"{value:.4g}"
