"""Widget that draws a line chart."""

from rich.text import Text
from textual.reactive import reactive

from tui.plots import Chart, PlotWidget, draw_chart, shaded


class ChartPlot(PlotWidget):
    chart: reactive[Chart | None] = reactive(None)

    def render(self) -> Text:
        if self.chart is None:
            return Text("")
        cells = draw_chart(self.plt, self.chart, self.size.width, self.size.height)
        return shaded(super().render(), cells)  # type: ignore[arg-type]
