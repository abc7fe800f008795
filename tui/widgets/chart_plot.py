"""Widget that draws a line chart."""

from rich.text import Text
from textual.reactive import reactive
from textual.visual import VisualType

from tui.plots import Chart, PlotWidget, draw_chart


class ChartPlot(PlotWidget):
    chart: reactive[Chart | None] = reactive(None)

    def render(self) -> VisualType:
        if self.chart is None:
            return Text("")
        cells = draw_chart(self.plt, self.chart, self.size.width, self.size.height)
        return self.drawn(cells)
