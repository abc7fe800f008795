"""Widget that plotext draws on."""

from functools import cache
from typing import ClassVar

from textual.visual import VisualType
from textual.widget import Widget
from textual_plotext import PlotextPlot
from textual_plotext.plot import Plot

from tui.plots.drawing import Cells, Drawing


class PlotWidget(PlotextPlot):
    """Widget that draws a whole figure each time, so that all share one: to make one takes 3 ms, and a run has 18."""

    ALLOW_SELECT: ClassVar[bool] = False

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        Widget.__init__(self, id=id)  # PlotextPlot's own does the same, and makes a figure
        self._plot = _figure()

    def render(self) -> VisualType:
        """Draw what the widget shows."""
        raise NotImplementedError

    def drawn(self, grounds: Cells = {}) -> Drawing:  # noqa: B006
        """Return what was drawn on the figure, in the colours of the app's theme and with the grounds of cells."""
        self.plt.plotsize(*self.size)
        # That alone cuts a figure to the terminal that plotext finds, which is not the app's window.
        self.plt._set_size(*self.size)
        self.plt.theme(self._get_plotext_theme_name(self.app.theme))
        return Drawing(self.plt.build(), grounds)


@cache
def _figure() -> Plot:
    return Plot()
