"""Charts of the app as the report's figures, which are saved. Pure but for drawing, which imports matplotlib."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

from engine.analysis.curve_figure import Curve, CurveChart, draw_curves
from engine.analysis.matrix_figure import Panel, draw_matrices
from tui.detail_view import MatrixView
from tui.plots import INK, Chart, Ink, Line, value_shown
from tui.plots.axes import AXIS_WORDS, x_ticks
from tui.plots.ink import LIGHT, Colour
from tui.plots.lines import y_range_of

if TYPE_CHECKING:
    from matplotlib.figure import Figure

TICK_ROOM = 80
"""Characters that fit along the x axis of a figure."""
FIGURE_MARKERS: Mapping[str, str] = dict(zip("●▲■◆○△□◇", "o^sDo^sD", strict=True))


@dataclass(frozen=True)
class Picture:
    """Figure to save."""

    name: str
    """Stem of its files' names."""
    draw: Callable[[], Figure]
    """Function that draws it, in any thread, between `figure_canvas.defaults`."""


def chart_picture(stem: str, title: str, chart: Chart, names: Mapping[int, str]) -> Picture:
    """Return the figure of a chart as it is seen, in colours for paper. `names`: of compared runs, by their place."""
    paper = on_paper(INK)

    def curve(line: Line) -> Curve:
        name = line.name or names.get(line.of if line.of is not None else -1, "")
        red, green, blue = paper.get(line.colour, line.colour)
        marker = FIGURE_MARKERS.get(line.marker, "")
        return Curve(
            "" if line.faint else name,
            line.points,
            f"#{red:02x}{green:02x}{blue:02x}",
            marker,
            line.band,
            line.faint,
            line.dashed,
        )

    low, high = y_range_of(chart)
    drawn = CurveChart(
        title,
        AXIS_WORDS[chart.axis],
        chart.title,
        tuple(curve(line) for line in chart.lines if not line.level),
        tuple(
            (f"{line.name} {value_shown(line.points[0][1], is_share=chart.is_share)}", line.points[0][1])
            for line in chart.lines
            if line.level
        ),
        (chart.first, chart.last),
        (10**low, 10**high) if chart.log else (low, high),
        x_ticks(chart.axis, chart.first, chart.last, TICK_ROOM),
        chart.log,
    )
    return Picture(stem, lambda: draw_curves(drawn))


def matrix_picture(stem: str, title: str, matrix: MatrixView) -> Picture:
    """Return the figure of a confusion matrix, in row shares with counts."""
    counts = [list(row) for row in matrix.counts]
    panel = Panel((title, f"epoch {matrix.epoch} of {matrix.epochs}"), matrix.class_names, counts)
    return Picture(stem, lambda: draw_matrices([panel]))


def on_paper(ink: Ink) -> dict[Colour, Colour]:
    """Return for each colour of a theme the one with its meaning on a light ground."""
    pairs = dict(zip(ink.runs, LIGHT.runs, strict=True))
    for field in fields(ink):
        value, light = getattr(ink, field.name), getattr(LIGHT, field.name)
        if field.name not in ("runs", "has_hues"):
            pairs[value] = light
    return pairs
