"""Lines that say that the run table does not answer, or is still being written: a key is seen to have been heard."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from textual.app import App

from tui.formatting import duration
from tui.screens.full_screen import FullScreen

SILENT_S = 3.0
SILENT = "no answer from the run table: what is shown was read before; it goes on by itself"
AGAIN = "the run table answers again: it did not for {}"
WRITING_AFTER_S = 0.25
WRITING = "writing to the run table …"


class SlowTable:
    """Watches, on the event loop, whether the run table answers the app's threads, and says it on every screen."""

    def __init__(
        self, app: App[Any], is_writing: Callable[[], bool], clock: Callable[[], datetime] = datetime.now
    ) -> None:
        self._app, self._is_writing, self._clock = app, is_writing, clock
        self._says_writing = False
        self._silent_since: datetime | None = None
        self._problem = ""

    @property
    def is_silent(self) -> bool:
        """True from the first poll that failed or waits for long until one is answered."""
        return self._silent_since is not None

    def look(self, waits_s: float) -> None:
        """Say so where a poll has waited so long; say on a screen that was opened since what the others say."""
        if waits_s >= SILENT_S:
            self._say(SILENT, waits_s)
        elif self.is_silent:
            self._say(self._problem, 0.0)

    def poll_failed(self, problem: str) -> None:
        """Say why the run table cannot be read, and since when."""
        self._say(problem, 0.0)

    def poll_answered(self) -> None:
        """Take back what was said, and say how long it was so."""
        if self._silent_since is not None:
            lasted = self._clock() - self._silent_since
            self._silent_since, self._problem = None, ""
            for screen in self._screens():
                screen.show_outage("")
            self._app.notify(AGAIN.format(duration(lasted.total_seconds())))

    def _say(self, problem: str, waits_s: float) -> None:
        """`waits_s`: how long it has been so where it is said for the first time, seconds."""
        self._problem = problem
        self._silent_since = since = self._silent_since or self._clock() - timedelta(seconds=waits_s)
        lasts = duration((self._clock() - since).total_seconds())
        for screen in self._screens():
            screen.show_outage(f"{problem} (since {since:%H:%M:%S}, {lasts})")

    def _screens(self) -> list[FullScreen[Any]]:
        return [screen for screen in self._app.screen_stack if isinstance(screen, FullScreen)]

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
