"""Widget that plotext draws on."""

from functools import cache

from textual.widget import Widget
from textual_plotext import PlotextPlot
from textual_plotext.plot import Plot


class PlotWidget(PlotextPlot):
    """Widget that draws a whole figure each time, so that all share one: to make one takes 3 ms, and a run has 18."""

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        Widget.__init__(self, id=id)  # PlotextPlot's own does the same, and makes a figure
        self._plot = _figure()


@cache
def _figure() -> Plot:
    return Plot()
