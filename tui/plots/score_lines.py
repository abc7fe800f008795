"""ROC and precision-recall curves, and reliability of several runs: lines in the unit square."""

from dataclasses import dataclass

from textual_plotext.plot import Plot

from tui.plots.canvas import as_characters, clear, write
from tui.plots.ink import INK, Colour

TICKS = (0.0, 0.25, 0.5, 0.75, 1.0)
TICK_LABELS = ["0", ".25", ".5", ".75", "1"]
MARKERS_A_LINE = 6


@dataclass(frozen=True)
class SquareLine:
    """Line through points of the unit square, from left to right."""

    points: tuple[tuple[float, float], ...]
    colour: Colour
    marker: str = ""
    """Marker on some of the points, to tell lines apart without colours; empty for none."""


@dataclass(frozen=True)
class Square:
    """Lines in the unit square; the last is drawn on top."""

    lines: tuple[SquareLine, ...]
    axes: str
    """Names of both axes."""
    guides: tuple[tuple[tuple[float, float], tuple[float, float]], ...] = ()
    """Straight lines of what says nothing, such as the diagonal of a ROC curve."""
    cursor: tuple[float, float] | None = None


def draw_square(plot: Plot, square: Square, width: int, height: int) -> None:
    clear(plot, width, height)
    if height < 5 or width < 20:
        as_characters(plot, width, height)
        write(plot, "no room: enlarge the window"[:width], 0, height - 1, INK.dim)
        return
    plot.xlim(0, 1)
    plot.ylim(0, 1)
    plot.xticks(list(TICKS), TICK_LABELS)
    plot.yticks(list(TICKS), TICK_LABELS)
    plot.xlabel(square.axes)
    for start, end in square.guides:
        plot.plot(*zip(start, end, strict=True), marker="braille", color=INK.faint)
    for line in square.lines:
        plot.plot(*zip(*line.points, strict=True), marker="braille", color=line.colour)
        if line.marker:
            every = max(len(line.points) // MARKERS_A_LINE, 1)
            plot.scatter(*zip(*line.points[::every], strict=True), marker=line.marker, color=line.colour)
    if square.cursor is not None:
        plot.scatter([square.cursor[0]], [square.cursor[1]], marker="◉", color=INK.cursor)
