"""App: its feed, preferences, edits and notifications. What is seen lies in `screens/` and `widgets/`."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Any

from textual.filter import LineFilter
from textual.message import Message
from textual.notifications import SeverityLevel
from textual.scrollbar import ScrollBar, ScrollBarRender

from engine.files.paths import Home
from tui import commands
from tui.background import Background, EditDone, Edits
from tui.feeds.detail_query import detail_query
from tui.feeds.home_feed import HomeFeed
from tui.feeds.jobs_feed import WorkersToCome
from tui.feeds.prefetch import FirstLook, Prefetch
from tui.feeds.reader_thread import ReaderThread
from tui.formatting import plain
from tui.idle_garbage import IdleGarbage
from tui.idle_imports import IdleImports
from tui.preferences.ascii import AsciiFilter, PlainScrollBar
from tui.preferences.key_bindings import clashes, keys_file, read_keys
from tui.preferences.notifications import escape_codes
from tui.preferences.state import last_form, load_preferences, save_preferences
from tui.preferences.themes import NAMES, PREFIX, THEMES, draw_with, following
from tui.screens.error_screen import BrokenScreen, write_down
from tui.screens.full_screen import CommandScreen
from tui.screens.home import HomeScreen
from tui.slow_table import SlowTable
from tui.snapshot import Snapshot
from tui.store_calls import Refused
from tui.textual_internals import UNTIL_A_KEY_S, InternalsApp
from tui.views.table_choice import table_choice

if TYPE_CHECKING:
    from tui.screens.app_port import AppPort

    def _is_port(app: "ResnetTui") -> AppPort:
        return app


POLL_S = 0.25
READONLY = "this window is read-only (--readonly): open another to change things"
READONLY_SERVED = "this window is read-only: resnet-tui serve --writable opens windows that change things"
PATIENCE_S = 1.5
"""Seconds after which an empty frame is shown where the first snapshot takes longer."""
LAYOUT_PASSES = 2
"""Passes of laying out until what is shown first stays where it is: with one, it is written twice."""


class SnapshotReady(Message):
    """Newest state. An older one that still waits is of no use."""

    def __init__(self, snapshot: Snapshot) -> None:
        super().__init__()
        self.snapshot = snapshot

    def can_replace(self, message: Message) -> bool:
        return isinstance(message, SnapshotReady)


class FirstLookReady(Message):
    """First state, with what happened since the last visit."""

    def __init__(self, look: FirstLook) -> None:
        super().__init__()
        self.look = look


class FeedFailed(Message):
    """Run table that cannot be read; one line that says what to do."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.text = text


class FeedAnswered(Message):
    """Run table that can be read again."""


class ResnetTui(InternalsApp):
    """Polls the feed in a thread and hands its snapshots to the home screen."""

    CSS_PATH = "styles/app.tcss"
    TITLE = "resnet-tui"
    ENABLE_COMMAND_PALETTE = True

    def __init__(
        self,
        home: Home,
        *,
        readonly: bool = False,
        served: bool = False,
        in_ascii: bool = False,
        notice: str = "",
        clock: Callable[[], datetime] = datetime.now,
        prefetched: Prefetch | None = None,
    ) -> None:
        """`served`: in a browser, maybe of another person; `notice`: what the app says when it has started."""
        super().__init__()
        self.home, self.readonly, self.in_ascii, self._notice = home, readonly, in_ascii, notice
        self.is_served = served
        self.keys = read_keys(keys_file())
        self.preferences = load_preferences(home)
        self.last_form: Mapping[str, str] = last_form(home)
        self._slow_table = SlowTable(self, lambda: not self.edits.background.has_finished(0), clock)
        submitted = self._slow_table.edit_submitted
        self.edits = Edits(home, self.post_message, self.raise_from_thread, self.may_write, submitted)
        self._garbage, self._imports = IdleGarbage(), IdleImports(self.raise_from_thread)
        self._files = Background("state files", self.raise_from_thread)
        ScrollBar.renderer = PlainScrollBar if in_ascii else ScrollBarRender
        self._more_filters = [AsciiFilter()] if in_ascii else []
        self._home_screen = HomeScreen(home, clock=clock)
        self._feed = HomeFeed(home, create=not readonly, prefetched=prefetched)
        self._to_come = WorkersToCome(home, self.raise_from_thread)
        self._reader = ReaderThread[int | None](
            "home feed", self._poll, self.raise_from_thread, self._feed.close
        )
        self._is_drawing_first = False
        """True while the prefetched snapshot is laid out: the feed does not load the store beside that."""
        self.is_held = True
        for theme in THEMES:
            self.register_theme(theme)
        self._use_theme(self.preferences.theme if self.preferences.theme in NAMES else NAMES[0])

    def on_mount(self) -> None:
        self.set_keymap(dict(self.keys.keymap))
        self.push_screen(self._home_screen)
        self.set_interval(POLL_S, self._poll_by_timer)
        self.set_timer(PATIENCE_S, self._release)
        self.refresh_feed()
        problems = (*self.keys.problems, *clashes(self.keys.keymap))
        if told := "; ".join((*problems, *([self._notice] if self._notice else ()))):
            self.notify(told, severity="warning" if problems else "information", timeout=10)

    def on_unmount(self) -> None:
        self._reader.stop()
        self._to_come.stop()

    # The feed, and the first frame

    def refresh_feed(self) -> None:
        """Ask for the newest state."""
        if not self._is_drawing_first:
            self._reader.ask(self._home_screen.run_id)

    def _poll_by_timer(self) -> None:
        """Ask for the newest state, unless the run table is slow to answer."""
        self._garbage.look(self.typed_at)
        self._imports.look(self.typed_at)
        self._slow_table.look(self._reader.waits_s if self._home_screen.snapshot else 0.0)
        if self._home_screen.lacks_worker:
            self._to_come.look()
        if self._reader.has_rested:
            self.refresh_feed()

    def _poll(self, run_id: int | None) -> None:
        try:
            preferences = self.preferences
            found = self._feed.poll(
                run_id,
                table_choice(preferences.columns).chosen.joined(self._home_screen.table_filter.asked),
                group_by=preferences.groups,
                workers_to_come=self._home_screen.workers_to_come or self._to_come.words,
                detail=detail_query(preferences),
            )
        except Refused as error:
            self.post_message(FeedFailed(str(error)))
            return
        if self._slow_table.is_silent:
            self.post_message(FeedAnswered())
        if isinstance(found, FirstLook):
            self.post_message(FirstLookReady(found))
        elif found is not None:
            self.post_message(SnapshotReady(found))

    def on_first_look_ready(self, message: FirstLookReady) -> None:
        self._is_drawing_first = self.is_held
        self._home_screen.news.show(message.look.since_last_visit)
        self._home_screen.show(message.look.snapshot)
        self._release(LAYOUT_PASSES)

    def on_snapshot_ready(self, message: SnapshotReady) -> None:
        self._home_screen.show(message.snapshot)
        self._release(LAYOUT_PASSES)
        if message.snapshot.unread:
            self.refresh_feed()

    def on_feed_failed(self, message: FeedFailed) -> None:
        if self._home_screen.is_mounted:
            self._slow_table.poll_failed(message.text)
        self._release(LAYOUT_PASSES)

    def on_feed_answered(self) -> None:
        self._slow_table.poll_answered()

    def _release(self, passes: int = 0) -> None:
        """Write the first frame, after so many more passes of laying out: each would be written by itself else."""
        if passes:
            self.call_after_refresh(self._release, passes - 1)
        elif self.is_held:
            self.is_held = self._is_drawing_first = False
            self.screen.refresh()
            self.call_after_refresh(self._garbage.begin)
            self.call_after_refresh(self.refresh_feed)

    # Edits and preferences

    def may_write(self) -> bool:
        """Say so where this window may change nothing."""
        if self.readonly:
            self.notify(READONLY_SERVED if self.is_served else READONLY, severity="warning")
        return not self.readonly

    def on_edit_done(self, message: EditDone) -> None:
        self._slow_table.edit_done()
        if message.text:
            key = commands.UNDO.key_text(self.keys.keymap)
            undo = f" ({key} undoes it)" if message.undoable else ""
            self.notify(f"{message.text}{undo}", severity=message.severity)
        self.refresh_feed()

    def write_later(self, job: Callable[[], None]) -> None:
        """Write a file of the user's state beside the event loop. A guest that only looks leaves none."""
        if not (self.readonly and self.is_served):
            self._files.submit(job)

    def has_written(self, patience_s: float | None = None) -> bool:
        """Wait at most `patience_s` seconds for edits and files under way; without it, as long as they take."""
        return all(each.has_finished(patience_s) for each in (self.edits.background, self._files))

    def change_preferences(self, **changes: Any) -> None:
        """Change preferences, also for the next start."""
        self.preferences = replace(self.preferences, **changes)
        self.write_later(partial(save_preferences, self.home, self.preferences))

    def _use_theme(self, theme: str) -> None:
        draw_with(theme, has_hues=not self.no_color)
        self.theme = theme

    def next_theme(self) -> None:
        self._use_theme(following(self.theme))
        self.change_preferences(theme=self.theme)
        self.notify(f"theme: {self.theme.removeprefix(PREFIX)}")

    # Notifications and errors

    def notify_outside(self, lines: Iterable[str]) -> None:
        """Show the terminal's notifications, outside the app's window, and ring its bell."""
        for line in lines:
            self.write_to_terminal(escape_codes(plain(line)))

    def notify(
        self,
        message: str,
        *,
        title: str = "",
        severity: SeverityLevel = "information",
        timeout: float | None = None,
        markup: bool = False,
    ) -> None:
        """Show a notification in the place of the one before; warnings and errors stay until a key. Its text is never
        markup, for it may quote what a user typed."""
        lasts = timeout if severity == "information" else UNTIL_A_KEY_S
        super().notify(plain(message), title=title, severity=severity, timeout=lasts, markup=False)

    def raise_from_thread(self, error: Exception) -> None:
        """Treat an error that a thread met as one of the app's."""
        self.call_later(_raise, error)

    def show_error(self, error: Exception) -> None:
        """Show an error of the program's own on a screen from which it can be copied, and write it down."""
        if any(isinstance(screen, BrokenScreen) for screen in self.screen_stack):
            return  # what broke may go on breaking, behind the screen that says so
        self._files.submit(partial(_write_down, self.home, error))
        self.push_screen(BrokenScreen(error))

    def get_line_filters(self) -> Sequence[LineFilter]:
        return [*super().get_line_filters(), *self._more_filters]

    def action_command_palette(self) -> None:
        """List the commands of the screen; a dialog has none."""
        if isinstance(self.screen, CommandScreen):
            self.screen.open_palette()

    def action_help_quit(self) -> None:
        """Say how to quit: ctrl+c ends nothing by accident."""
        self.notify("ctrl+c does not quit: press q on the first screen; training goes on")


def _raise(error: Exception) -> None:
    raise error


def _write_down(home: Home, error: Exception) -> None:
    """Write an error down; do nothing where that fails, because it is on the screen as well."""
    with suppress(OSError):
        write_down(home, error)
