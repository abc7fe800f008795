"""Keys that change which chart of the highlighted run Home shows; it is kept for the next start."""

from functools import partial
from typing import Any

from tui.screens.full_screen import CommandScreen, Handlers
from tui.widgets.detail import DetailPane


class HomeCharts:
    def __init__(self, screen: CommandScreen[Any]) -> None:
        self._screen = screen

    def handlers(self) -> Handlers:
        return {"chart_next": partial(self._by, 1), "chart_previous": partial(self._by, -1)}

    def _by(self, by: int) -> None:
        from tui.views.home_chart import chart_keys  # the first frame waits for no catalogue of metrics

        port, keys = self._screen.port, chart_keys()
        place = keys.index(port.preferences.chart) if port.preferences.chart in keys else 0
        port.change_preferences(chart=keys[(place + by) % len(keys)])
        self.apply()
        port.refresh_feed()

    def apply(self) -> None:
        """Show the chart that the preferences name."""
        for pane in self._screen.query(DetailPane):  # none while the screen closes
            pane.show_chart(self._screen.port.preferences.chart)
