"""Use of the device and the host over a run's whole length: charts with the keys of the curves."""

from rich.text import Text

from tui.plots.axes import TIME
from tui.views.run_view import RunView
from tui.views.system_view import SystemView, known_panels, system_panels, system_view
from tui.widgets.curves_pane import ChartsPane

NOTHING = "nothing was recorded: the device's use is, from the beginning of an attempt on"


class SystemPane(ChartsPane):
    """Charts of the quantities that are known: those of a card, where there is one, and of the host."""

    def __init__(self) -> None:
        super().__init__(system_panels(), "system", TIME)

    def show_run(self, view: RunView) -> None:
        """Show the newest use; a chart that appears leaves the chosen one chosen."""
        use = system_view(view.uses, view.title, view.file_stem)
        known = known_panels(use, self.panels)
        if known and known != self.chart_state.panels:
            self.chart_state = self.chart_state.showing(known)
        self.show(use)

    def _says(self) -> Text:
        is_empty = isinstance(self._view, SystemView) and not self._view.points
        return Text(NOTHING, style="dim") if is_empty else super()._says()
