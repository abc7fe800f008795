"""Use of the device and the host over a run's whole length: charts with the keys of the curves."""

from dataclasses import replace

from rich.text import Text

from tui.plots.axes import TIME
from tui.views.run_view import RunView
from tui.views.system_view import SystemView, known_panels, system_panels, system_view
from tui.widgets.curves_pane import ChartsPane

FEW, FEW_FROM = 4, (60, 14)
"""Charts of a training on the CPU, and the smallest window for all of them, in characters."""
FEW_COLUMNS, COLUMNS = 2, 3
"""Charts beside each other."""
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
            chosen = self.chart_state.chosen
            place = known.index(chosen) if chosen in known else 0
            self.chart_state = replace(self.chart_state, panels=known, panel=place)
        self.styles.grid_size_columns = FEW_COLUMNS if len(known) <= FEW else COLUMNS
        self.show(use)

    @property
    def all_from(self) -> tuple[int, int]:
        return FEW_FROM if len(self.chart_state.panels) <= FEW else super().all_from

    def _says(self) -> Text:
        is_empty = isinstance(self._view, SystemView) and not self._view.points
        return Text(NOTHING, style="dim") if is_empty else super()._says()
