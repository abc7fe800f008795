"""Keys that move the border between Home's table and the detail; its place is kept for the next start."""

from functools import partial

from tui.screens.full_screen import Handlers
from tui.screens.runs_screen import RunsScreen
from tui.widgets.split_body import SplitBody

COLUMNS, LINES = 4, 2
"""Cells by which a key moves the border."""
NO_BORDER = "there is no border: z shows the run beside the table"


class HomeSplit:
    """Makes Home's body, and keeps what the mouse or keys did to it."""

    def __init__(self, screen: RunsScreen) -> None:
        self._screen = screen
        self.body = SplitBody(self._moved)

    def handlers(self) -> Handlers:
        return {
            "split_less": partial(self._by, -1),
            "split_more": partial(self._by, 1),
            "split_usual": self.body.reset,
        }

    def restore(self) -> None:
        preferences = self._screen.port.preferences
        self.body.restore(beside=preferences.table_width, above=preferences.table_height)

    def why_not(self, command_id: str) -> str:
        """Return why a command of the border cannot be given now; empty where it can."""
        return NO_BORDER if command_id in self.handlers() and not self.body.has_border else ""

    def _by(self, steps: int) -> None:
        self.body.move_by(steps * (COLUMNS if self.body.is_beside else LINES))

    def _moved(self, is_beside: bool, share: int) -> None:
        port = self._screen.port
        kept = {"table_width": share} if is_beside else {"table_height": share}
        if any(getattr(port.preferences, name) != value for name, value in kept.items()):
            port.change_preferences(**kept)
