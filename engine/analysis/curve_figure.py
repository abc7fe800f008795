"""Figure of any curves over one axis, such as a chart of the app. matplotlib is imported only while drawing, which
`figure_canvas.defaults` surrounds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from engine.analysis.figure_canvas import FAINT, level_line, new_figure, plain, plain_axes

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.lines import Line2D

WIDTH_IN, HEIGHT_IN, LEGEND_LINE_IN = 7.2, 4.0, 0.2
MOST_MARKED = 60
"""Points up to which each has a marker; with more, markers would be one thick line."""


@dataclass(frozen=True)
class Curve:
    """Line through points, in order of x."""

    name: str
    """Empty for a line that the legend leaves out."""
    points: tuple[tuple[float, float], ...]
    colour: str
    """As matplotlib takes it: `#rrggbb`."""
    marker: str = ""
    band: tuple[tuple[float, float, float], ...] = ()
    """x, low and high end of what lies around the line."""
    is_faint: bool = False
    is_dashed: bool = False


@dataclass(frozen=True)
class CurveChart:
    """Chart with its axes."""

    title: str
    x_name: str
    y_name: str
    curves: tuple[Curve, ...]
    """In the order in which they are drawn: the last is on top."""
    levels: tuple[tuple[str, float], ...]
    """Names, with their values, of constant lines, and where they lie."""
    x: tuple[float, float]
    y: tuple[float, float]
    """Ranges of the axes; a level outside is named in the legend."""
    ticks: tuple[Sequence[float], Sequence[str]]
    """Places on the x axis with their labels."""
    is_log: bool = False


def draw_curves(chart: CurveChart) -> Figure:
    """Draw the chart, with its legend below."""
    named = [curve for curve in chart.curves if curve.name]
    outside = [name for name, level in chart.levels if not chart.y[0] <= level <= chart.y[1]]
    figure = new_figure(WIDTH_IN, HEIGHT_IN + LEGEND_LINE_IN * (len(named) + len(outside)))
    axes = figure.add_subplot()
    for curve in chart.curves:
        _draw(axes, curve)
    for name, level in chart.levels:
        if name not in outside:
            level_line(axes, level, plain(name).replace(" ", "\n", 1))
    axes.set_title(plain(chart.title, 90))
    axes.set_xlabel(plain(chart.x_name))
    axes.set_ylabel(plain(chart.y_name))
    axes.set_yscale("log" if chart.is_log else "linear")
    axes.set_xlim(*chart.x)
    axes.set_ylim(*chart.y)
    axes.set_xticks(*chart.ticks)
    plain_axes(axes)
    curves, _ = axes.get_legend_handles_labels()
    curves += [_words(f"{plain(name)}, outside the axis") for name in outside]
    if curves:
        figure.legend(handles=curves, loc="outside lower left", fontsize=8, frameon=False, ncols=1)
    return figure


def _draw(axes: Axes, curve: Curve) -> None:
    x, y = zip(*curve.points, strict=True) if curve.points else ((), ())
    axes.plot(
        x,
        y,
        color=FAINT if curve.is_faint else curve.colour,
        marker=curve.marker if len(x) <= MOST_MARKED and not curve.is_faint else "",
        markersize=4,
        linewidth=1.2,
        linestyle="--" if curve.is_dashed else "-",
        label=plain(curve.name, 90) if curve.name and not curve.is_faint else None,
    )
    if curve.band and not curve.is_faint:
        places, low, high = zip(*curve.band, strict=True)
        axes.fill_between(places, low, high, color=curve.colour, alpha=0.18, linewidth=0)


def _words(text: str) -> Line2D:
    """Return an entry of a legend without a line."""
    from matplotlib.lines import Line2D

    return Line2D([], [], linestyle="", label=text)
