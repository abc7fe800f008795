"""Lines that say that the run table does not answer, or is still being written: a key is seen to have been heard."""

from collections.abc import Callable
from typing import Any

from textual.app import App

from tui.screens.full_screen import FullScreen

SILENT_S = 3.0
SILENT = "no answer from the run table for {} s: what is shown was read before; it goes on by itself"
WRITING_AFTER_S = 0.25
WRITING = "writing to the run table …"


class SlowTable:
    """Watches, on the event loop, how long the app's threads wait for the run table."""

    def __init__(self, app: App[Any], is_writing: Callable[[], bool]) -> None:
        self._app, self._is_writing = app, is_writing
        self._says_silent = self._says_writing = False

    def look(self, waits_s: float) -> None:
        """Say so where a poll has waited so long; take it back when it has been answered."""
        if waits_s >= SILENT_S:
            self._says_silent = True
            for screen in self._screens():
                screen.show_problem(SILENT.format(int(waits_s)))
        elif self._says_silent:
            self._says_silent = False
            for screen in self._screens():
                screen.hide_problem()

    def _screens(self) -> list[FullScreen[Any]]:
        return [screen for screen in self._app.screen_stack if isinstance(screen, FullScreen)]

    def poll_failed(self) -> None:
        """Leave the line above to the error's text."""
        self._says_silent = False

    def edit_submitted(self) -> None:
        """Say that an edit is under way, where it is not done soon."""
        self._app.set_timer(WRITING_AFTER_S, self._say_writing)

    def edit_done(self) -> None:
        """Let the next slow edit be said again, once none is under way."""
        if not self._is_writing():
            self._says_writing = False

    def _say_writing(self) -> None:
        if not self._is_writing():
            self._says_writing = False
        elif not self._says_writing:
            self._says_writing = True
            self._app.notify(WRITING, timeout=3)
