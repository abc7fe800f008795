"""Line charts over epochs, steps or time: zoomed, smoothed or logarithmic, with a cursor that reads values."""

import math
from bisect import bisect_left
from dataclasses import dataclass
from itertools import pairwise

from textual_plotext.plot import Plot

from tui.formatting import decimals
from tui.plots.axes import EPOCH, Axis, x_ticks, y_range, y_ticks
from tui.plots.canvas import as_characters, clear, thin, write
from tui.plots.dashes import dashes
from tui.plots.drawing import Cells
from tui.plots.ink import INK, Colour
from tui.plots.level_label import write_level
from tui.plots.shade import Area, draw_edges, shade_cells

BEST = "◆"
"""Marks the best point of a line."""
MARKER_CELLS = 6
"""Approximate distance between a line's markers, in characters."""


@dataclass(frozen=True)
class Line:
    """Line of finite values over epochs, or over what the chart's axis has, in order."""

    name: str
    points: tuple[tuple[float, float], ...]
    colour: Colour
    faint: bool = False
    """True for a curve before smoothing: drawn behind the others, and not read by the cursor."""
    level: bool = False
    """True for a constant line, such as the baseline: named in the chart, at the edge where it lies far away."""
    dashed: bool = False
    """True for the curve of another run that this one is looked at beside."""
    band: tuple[tuple[float, float, float], ...] = ()
    """Place, low and high end of what lies around the line, such as mean ± standard deviation; empty for none."""
    marker: str = ""
    """Marker on some of the points, to tell lines apart without colours; empty for none."""
    of: int | None = None
    """Place of the run or group that it is of, where several are compared."""
    best: tuple[float, float] | None = None
    """Point that is marked as the best; None for none."""


@dataclass(frozen=True)
class Chart:
    """Chart of one quantity."""

    title: str
    lines: tuple[Line, ...]
    """In the order in which they are drawn: the last is on top."""
    first: float
    last: float
    """Range of the x axis: `first` to `last`, in its unit."""
    is_share: bool = False
    """True for shares such as accuracies: the y axis stays within 0 to 1."""
    log: bool = False
    cursor: float | None = None
    empty: str = "nothing measured yet"
    """Text shown where no line has a point in the window."""
    axis: Axis = EPOCH
    covers: tuple[float, ...] = ()
    """Values that the y axis shows in any case."""

    @property
    def has_points(self) -> bool:
        """Return True where a curve has a point in the window."""
        return any(_window(line, self) for line in self.lines if not line.level)


def draw_chart(plot: Plot, chart: Chart, width: int, height: int) -> Cells:
    """Draw a chart, and return the grounds of its bands."""
    clear(plot, width, height)
    curves = [(line, _window(line, chart), _band(line, chart)) for line in chart.lines if not line.level]
    if not chart.has_points:
        as_characters(plot, width, height)
        write(plot, chart.empty, 0, height - 1, INK.dim)
        return {}
    levels = [(line, at) for line in chart.lines if line.level for _, at in _window(line, chart)]
    area, marks, labels = _area(chart, width, height)
    y = area.y
    plot.xlim(*area.x)
    plot.ylim(*area.y)
    plot.yticks(marks, labels)
    plot.xticks(*x_ticks(chart.axis, chart.first, chart.last, width))
    for line, at in levels:
        if y[0] <= at <= y[1]:
            plot.plot(area.x, (at, at), marker="braille", color=line.colour)
    for line, points, band in curves:
        if band and not INK.has_hues:
            draw_edges(plot, band, line.colour)
        _draw_line(plot, line, points, area.x, area.columns)
    for line, points, _ in curves:
        if line.best is not None and not chart.log and chart.first <= line.best[0] <= chart.last and points:
            plot.scatter([line.best[0]], [line.best[1]], marker=BEST, color=line.colour)
    if chart.cursor is not None and chart.first <= chart.cursor <= chart.last:
        plot.vline(chart.cursor, color=INK.cursor)
    for line, at in levels:
        value = value_shown(line.points[0][1], is_share=chart.is_share)
        write_level(plot, line.name, value, at, line.colour, [points for _, points, _ in curves], area)
    return shade_cells([(band, line.colour) for line, _, band in curves], area) if INK.has_hues else {}


def _area(chart: Chart, width: int, height: int) -> tuple[Area, list[float], list[str]]:
    """Return the area that shows data, and the marks of its y axis with their labels."""
    y = y_range_of(chart)
    marks, labels = y_ticks(*y, height, log=chart.log)
    return Area.inside((width, height), labels, (chart.first, chart.last), y), marks, labels


def place_at(chart: Chart, width: int, height: int, column: int) -> float | None:
    """Return the place on the x axis that is drawn in a column, the nearest one for columns beside the curves; None
    where there is no curve."""
    if not chart.has_points:
        return None
    area, _, _ = _area(chart, width, height)
    return area.x_at(min(max(column - area.left, 0), area.columns - 1))


def y_range_of(chart: Chart) -> tuple[float, float]:
    """Return the range of the y axis, on the chart's scale; 0 to 1 where nothing is in its window."""
    values: list[float] = []
    levels: list[float] = []
    for line in chart.lines:
        (levels if line.level else values).extend(y for _, y in _window(line, chart))
        values += [y for _, *ends in _band(line, chart) for y in ends]
    values += chart.covers if values and not chart.log else ()
    return y_range(values, levels, is_share=chart.is_share, log=chart.log) if values else (0.0, 1.0)


def _draw_line(
    plot: Plot, line: Line, points: list[tuple[float, float]], x: tuple[float, float], columns: int
) -> None:
    shown = thin(points, 2 * columns)
    if line.dashed and len(shown) > 1:
        for dash in dashes(shown, x, columns):
            plot.plot(*zip(*dash, strict=True), marker="braille", color=line.colour)
    elif len(shown) == 1:
        plot.scatter(*zip(*shown, strict=True), marker=line.marker or "●", color=line.colour)
    elif shown:
        plot.plot(*zip(*shown, strict=True), marker="braille", color=line.colour)
    if shown and line.marker and not line.faint:
        every = max(len(shown) * MARKER_CELLS // columns, 1)
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


def reading(chart: Chart) -> list[tuple[Line, float | None]]:
    """Return each curve's value at the point nearest to the cursor; None where no point is near."""
    if chart.cursor is None:
        return []
    return [(line, value_at(line, chart.cursor)) for line in chart.lines if not (line.faint or line.level)]


def value_at(line: Line, x: float) -> float | None:
    if not line.points:
        return None
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
