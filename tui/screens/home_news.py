"""Line of Home that says what happened since the last visit, and the journal with all of it."""

from collections.abc import Callable
from functools import partial

from textual.widgets import Static

from engine.files.paths import Home
from tui.feeds.since_last_visit import SinceLastVisit, mark_seen
from tui.formatting import plain
from tui.screens.runs_screen import RunsScreen
from tui.snapshot import Snapshot


class HomeNews:
    """Shows the news until they are seen, and notes that they were."""

    def __init__(self, home: Home, screen: RunsScreen, snapshot: Callable[[], Snapshot | None]) -> None:
        """`snapshot` gives what the screen shows now; None before it shows anything."""
        self._home, self._screen, self._snapshot = home, screen, snapshot
        self.news: SinceLastVisit | None = None
        self.line = Static(id="news", markup=False)
        self.line.display = False

    def show(self, news: SinceLastVisit) -> None:
        """Say what happened since the last visit."""
        self.news = news
        if news.headline is not None:
            self.line.update(f"{plain(news.headline)}   i more, esc seen")
            self.line.display = True

    def dismiss(self) -> bool:
        """Hide the news and do not repeat them; False where none were shown."""
        was_shown, self.line.display = bool(self.line.display), False
        if was_shown:
            self.mark_seen()
        return was_shown

    def mark_seen(self) -> None:
        """Note that all that is on the screen now is no news at the next start."""
        if (snapshot := self._snapshot()) is not None:
            self._screen.port.write_later(partial(mark_seen, self._home, snapshot))

    def open_journal(self) -> None:
        from tui.screens.journal import (
            JournalScreen,
        )  # reads the store: the first frame waits for no database

        self.dismiss()
        lines = self.news.lines if self.news is not None else ()
        self._screen.app.push_screen(JournalScreen(self._home, lines))
