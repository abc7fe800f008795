"""Keys that change how the app looks and tells, for the next start too."""

from collections.abc import Callable

from tui.screens.full_screen import Handlers
from tui.screens.runs_screen import RunsScreen


class PreferenceActions:
    """Theme, notifications, and the run table with or without the detail beside it."""

    def __init__(self, screen: RunsScreen, draw_again: Callable[[], object]) -> None:
        self._screen, self._draw_again = screen, draw_again

    def handlers(self) -> Handlers:
        return {
            "theme": self.next_theme,
            "tell": self.turn_notifications,
            "table_alone": self.turn_table_alone,
        }

    def next_theme(self) -> None:
        self._screen.port.next_theme()
        self._screen.app.call_after_refresh(self._draw_again)  # when the theme has its new colours

    def turn_notifications(self) -> None:
        port = self._screen.port
        tells = not port.preferences.tells
        port.change_preferences(tells=tells)
        if tells:
            port.notify_outside(["this is what a notification looks like"])
        self._screen.notify(
            "bell and notification when runs end: on" if tells else "bell and notification: off"
        )

    def turn_table_alone(self) -> None:
        """Give the whole window to the table, or show the highlighted run beside it again."""
        port = self._screen.port
        port.change_preferences(table_alone=not port.preferences.table_alone)
        self._draw_again()
