"""Smoothing of curves, one for all screens and kept for the next start."""

from functools import partial
from typing import Any

from tui.screens.full_screen import CommandScreen, Handlers
from tui.views.smoothing import strength
from tui.widgets.detail import DetailPane


class HomeSmoothing:
    """Keys that smooth Home's curve."""

    def __init__(self, screen: CommandScreen[Any]) -> None:
        self._screen = screen

    def handlers(self) -> Handlers:
        return {"curves_more": partial(self._by, 1), "curves_less": partial(self._by, -1)}

    def _by(self, by: int) -> None:
        port = self._screen.port
        port.change_preferences(smoothing=strength(port.preferences.smoothing, by))
        self.apply()

    def apply(self) -> None:
        """Smooth as the preferences say, which another screen may have changed."""
        for pane in self._screen.query(DetailPane):  # none while the screen closes
            pane.smooth(self._screen.port.preferences.smoothing)
