"""Small chart of the highlighted run: train and test accuracy by epoch over the baseline."""

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import Literal

from textual_plotext.plot import Plot

from tui.formatting import decimals
from tui.plots.canvas import clear, finite, thin
from tui.plots.ink import INK, Colour
from tui.plots.shade import Area, Cells, draw_edges, shade_cells
from tui.snapshot import Curve

Points = Sequence[tuple[float, float]]
Side = Literal["left", "right"]
Y_AXIS_CELLS = 4
BEST = "◆"
"""Marks the best epoch."""


def draw_accuracy(plot: Plot, view: Curve, width: int, height: int) -> Cells:
    """Draw train and test accuracy by epoch over the baseline; return the ground of a group's band."""
    clear(plot, width, height)
    lines = [
        ("train", finite(view.epochs, view.train), INK.train),
        ("test", finite(view.epochs, view.test), INK.test),
    ]
    band = _band(view)
    values = [y for _, points, _ in lines for _, y in points] + ([view.baseline] if view.baseline else [])
    values += [low for _, low, _ in band]
    low = min(math.floor(10 * min(values, default=0.0)) / 10, 0.9)
    first = 0 if view.epochs[:1] == (0,) else 1
    last = max(view.last_epoch, first + 1)
    plot.xlim(first, last)
    plot.ylim(low, 1)
    levels, labels = _levels(low, height)
    plot.yticks(levels, labels)
    plot.xticks(_ticks(first, view.last_epoch, width))
    if view.baseline is not None:
        level = [view.baseline, view.baseline]
        plot.plot([first, view.last_epoch], level, marker="braille", color=INK.baseline)
        text = f"baseline {decimals(view.baseline)}"
        span = max(view.last_epoch, first + 1) - first
        x, y, side = _clear_place(
            [points for _, points, _ in lines],
            len(text) * span / max(width - Y_AXIS_CELLS, 1),
            (float(first), float(first + span)),
            view.baseline,
            (low, (1 - low) / height),
        )
        plot.text(text, x, y, color=INK.baseline, background=INK.ground, alignment=side)
    if band and not INK.has_hues:
        draw_edges(plot, band, INK.test)
    for name, points, colour in lines:
        _draw_line(plot, thin(points, 2 * width), colour, "●" if name == "test" else "○")
    if view.best is not None:
        plot.scatter([view.best[0]], [view.best[1]], marker=BEST, color=INK.test)
    area = Area.inside((width, height), labels, (first, last), (low, 1))
    return shade_cells([(band, INK.test)], area) if INK.has_hues else {}


def _draw_line(plot: Plot, points: Points, colour: Colour, marker: str) -> None:
    """Draw a line; a point where it is one alone, and the marker on each point where lines have no hues."""
    if len(points) == 1:
        plot.scatter(*zip(*points, strict=True), marker="●", color=colour)
    elif points:
        plot.plot(*zip(*points, strict=True), marker="braille", color=colour)
        if not INK.has_hues:
            plot.scatter(*zip(*points, strict=True), marker=marker, color=colour)


def _band(view: Curve) -> list[tuple[float, float, float]]:
    """Return the band of the test accuracy, where it is known."""
    return [
        (float(epoch), low, min(high, 1.0))
        for epoch, low, high in zip(view.epochs, view.low, view.high, strict=False)
        if low is not None and high is not None
    ]


def _clear_place(
    curves: Sequence[Points],
    length: float,
    ends: tuple[float, float],
    level: float,
    scale: tuple[float, float],
) -> tuple[float, float, Side]:
    """Return the place where a label of this length hides the fewest points of the curves, and its alignment.

    It is at the right or left end, a row above or below its line. `scale`: lowest value and height of a row."""
    low, row = scale
    above, below = level + 1.5 * row, level - 1.5 * row
    rows = [y for y in (above, below) if low + row / 2 < y < 1]
    places: list[tuple[float, float, Side]] = [(ends[1], y, "right") for y in rows]
    places += [(ends[0], y, "left") for y in rows]

    def hidden(place: tuple[float, float, Side]) -> int:
        x, y, side = place
        begin = x - length if side == "right" else x
        samples = [begin + length * part / 12 for part in range(13)]
        values = (_value(points, at) for points in curves for at in samples)
        return sum(value is not None and abs(value - y) < row for value in values)

    return min(places, key=hidden, default=(ends[1], above, "right"))


def _value(points: Points, x: float) -> float | None:
    """Interpolate a curve linearly; None outside its points."""
    for (before, y), (after, other) in pairwise(points):
        if before <= x <= after:
            return y + (other - y) * (x - before) / (after - before) if after > before else y
    return None


def _levels(low: float, height: int) -> tuple[list[float], list[str]]:
    """Return the levels of the y axis, whole tenths from the top down to `low`, with at most a label per two rows."""
    tenths = round(10 * (1 - low))
    step = next(step for step in (1, 2, 5, 10) if tenths // step <= max(height // 2 - 1, 1))
    levels = [1 - 0.1 * number for number in range(0, tenths + 1, step)]
    return levels, [f"{level:.1f}" for level in levels]


def _ticks(first: int, last: int, width: int) -> list[float]:
    """Return ticks on whole epochs, at most one per eight characters."""
    step = max(1, math.ceil((last - first) / max(width // 8, 1)))
    return [float(epoch) for epoch in range(first, last + 1, step)]
