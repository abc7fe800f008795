"""Names of levels in a chart, such as the baseline: beside their line, or at the edge that is nearer where they lie
outside."""

from collections.abc import Sequence
from itertools import pairwise
from typing import Literal

from textual_plotext.plot import Plot

from tui.plots.ink import INK, Colour
from tui.plots.shade import Area

Points = Sequence[tuple[float, float]]
Side = Literal["left", "right"]
ABOVE, BELOW = "▴", "▾"
"""Marks of a level that lies above or below what the axis shows."""
SAMPLES = 12


def write_level(
    plot: Plot, name: str, value: str, level: float, colour: Colour, curves: Sequence[Points], area: Area
) -> None:
    """Write `baseline .7336` where it hides the fewest points of the curves, or the value alone in a narrow chart.

    `level` and `curves` are on the scale of the chart."""
    (low, high), row = area.y, (area.y[1] - area.y[0]) / area.rows
    is_inside = low <= level <= high
    mark = "" if is_inside else f"{ABOVE if level > high else BELOW} "
    text = f"{mark}{name} {value}"
    if len(text) > area.columns / 2:
        text = f"{mark}{value}"
    if is_inside:
        rows = [y for y in (level + 1.5 * row, level - 1.5 * row) if low + row / 2 < y < high]
    else:
        rows = [high if level > high else low]
    length = len(text) * (area.x[1] - area.x[0]) / area.columns
    x, y, side = _clear_place(curves, length, area.x, rows or [level], row)
    plot.text(text, x, y, color=colour, background=INK.ground, alignment=side)


def _clear_place(
    curves: Sequence[Points], length: float, ends: tuple[float, float], rows: Sequence[float], row: float
) -> tuple[float, float, Side]:
    """Return the place in one of these rows, at the right or left end, where a text of this length hides the fewest
    points of the curves, and its alignment. `row`: the height of a row."""
    places: list[tuple[float, float, Side]] = [(ends[1], y, "right") for y in rows]
    places += [(ends[0], y, "left") for y in rows]

    def hidden(place: tuple[float, float, Side]) -> int:
        x, y, side = place
        begin = x - length if side == "right" else x
        samples = [begin + length * part / SAMPLES for part in range(SAMPLES + 1)]
        values = (_value(points, at) for points in curves for at in samples)
        return sum(value is not None and abs(value - y) < row for value in values)

    return min(places, key=hidden)


def _value(points: Points, x: float) -> float | None:
    """Interpolate a curve linearly; None outside its points."""
    for (before, y), (after, other) in pairwise(points):
        if before <= x <= after:
            return y + (other - y) * (x - before) / (after - before) if after > before else y
    return None
