"""Drawings with plotext, which only this package imports: pure functions from a view to a canvas."""

from textual_plotext.plot import Plot

from tui.plots.canvas import finite, thin
from tui.plots.class_texts import confused_pairs, most_confused, named
from tui.plots.confusion import draw_confusion
from tui.plots.ink import INK, MARKERS, Ink
from tui.plots.lines import BEST, Chart, Line, draw_chart, place_at, reading, value_shown
from tui.plots.matrix import COUNTS, MODES, TALLEST, Grid, draw_matrix
from tui.plots.plot_widget import PlotWidget
from tui.plots.score_bars import MirrorBars, ReliabilityBars, draw_mirror, draw_reliability
from tui.plots.score_lines import Square, SquareLine, draw_square

__all__ = [
    "BEST",
    "COUNTS",
    "INK",
    "MARKERS",
    "MODES",
    "TALLEST",
    "Chart",
    "Grid",
    "Ink",
    "Line",
    "MirrorBars",
    "Plot",
    "PlotWidget",
    "ReliabilityBars",
    "Square",
    "SquareLine",
    "confused_pairs",
    "draw_chart",
    "draw_confusion",
    "draw_matrix",
    "draw_mirror",
    "draw_reliability",
    "draw_square",
    "finite",
    "most_confused",
    "named",
    "place_at",
    "reading",
    "thin",
    "value_shown",
]
