"""One chart of several, under its title."""

from textual.app import ComposeResult
from textual.containers import Vertical

from tui.views.curves import ChartState, Panel, Subject, chart_of
from tui.widgets.chart_legend import chart_legend
from tui.widgets.chart_plot import ChartPlot
from tui.widgets.text_line import TextLine


class ChartBox(Vertical):
    """Chart under its title, with the lines' names and their newest values, or those at the cursor."""

    def __init__(self, panel: Panel) -> None:
        super().__init__(id=f"chart-{panel.key}", classes="chart")
        self.panel = panel

    def compose(self) -> ComposeResult:
        yield TextLine(classes="chart-title")
        yield ChartPlot()

    def show(self, view: Subject, chart_state: ChartState, *, is_marked: bool) -> None:
        """Draw the chart; `is_marked`: as the chosen one of several."""
        chart = chart_of(view, chart_state, self.panel)
        self.query_one(ChartPlot).chart = chart
        is_chosen = self.panel is chart_state.chosen
        self.query_one(".chart-title", TextLine).say(
            chart_legend(chart, is_marked=is_marked, says_place=is_chosen)
        )

    @property
    def columns(self) -> int:
        return max(self.query_one(ChartPlot).size.width - 7, 8)
