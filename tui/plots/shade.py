"""Bands behind the lines of a chart: cells with a coloured ground, for plotext fills only down to an axis."""

import math
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from textual_plotext.plot import Plot

from tui.plots.canvas import blend
from tui.plots.drawing import Cells
from tui.plots.ink import INK, Colour

DOTS = (2, 4)
"""Columns and rows of the dots in a cell."""
STRENGTH = 0.3
"""Share of a line's colour in the ground of its band."""
EDGE = "·"

BandPoints = Sequence[tuple[float, float, float]]
"""Place, low and high end, in order of the place."""


@dataclass(frozen=True)
class Area:
    """Area of a drawing that shows data, and the values at its edges."""

    left: int
    """Columns of the axis before it."""
    columns: int
    rows: int
    x: tuple[float, float]
    y: tuple[float, float]

    @classmethod
    def inside(
        cls, size: tuple[int, int], labels: Sequence[str], x: tuple[float, float], y: tuple[float, float]
    ) -> "Area":
        """Return the area that plotext leaves beside the labels of the y axis and above those of the x axis."""
        left = max(map(len, labels), default=0)
        return cls(left, max(size[0] - left, 1), max(size[1] - 1, 1), x, y)

    def x_at(self, column: int) -> float:
        """Return the value in the middle of a column."""
        return self.x[0] + (column * DOTS[0] + 0.5) / (self.columns * DOTS[0] - 1) * (self.x[1] - self.x[0])

    def dot(self, y: float) -> int:
        """Return the row of dots of a value, from below; those outside lie at the edge."""
        most = self.rows * DOTS[1] - 1
        share = (y - self.y[0]) / (self.y[1] - self.y[0])
        return min(max(math.floor(0.5 + most * share), 0), most)


def shade_cells(bands: Iterable[tuple[BandPoints, Colour]], area: Area) -> Cells:
    """Return the cells that bands cover for the most part, at least one row high; where bands overlap, the mean of
    their colours."""
    found: dict[tuple[int, int], list[Colour]] = defaultdict(list)
    for band, colour in bands:
        for column in range(area.columns):
            ends = _at(band, area.x_at(column))
            if ends is None:
                continue
            for row in _rows(area.dot(ends[0]), area.dot(ends[1])):
                found[area.rows - 1 - row, area.left + column].append(colour)
    return {cell: blend(INK.ground, _mean(colours), STRENGTH) for cell, colours in found.items()}


def _at(band: BandPoints, x: float) -> tuple[float, float] | None:
    """Interpolate both ends; None outside the band."""
    for (before, low, high), (after, next_low, next_high) in pairwise(band):
        if before <= x <= after:
            share = (x - before) / (after - before) if after > before else 0.0
            return low + share * (next_low - low), high + share * (next_high - high)
    return None


def _rows(low: int, high: int) -> set[int]:
    """Return the rows of cells of which at least half is between two rows of dots, and the one in the middle."""
    dots = DOTS[1]
    covered = {
        row
        for row in range(low // dots, high // dots + 1)
        if min(high, row * dots + dots - 1) - max(low, row * dots) + 1 >= dots / 2
    }
    return covered | {(low + high) // 2 // dots}


def _mean(colours: Sequence[Colour]) -> Colour:
    red, green, blue = (round(sum(part) / len(colours)) for part in zip(*colours, strict=True))
    return red, green, blue


def draw_edges(plot: Plot, band: BandPoints, colour: Colour) -> None:
    """Draw a band's ends as dots, for terminals without colours."""
    for end in (1, 2):
        plot.scatter([point[0] for point in band], [point[end] for point in band], marker=EDGE, color=colour)
