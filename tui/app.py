"""The app: theme, timer, feed. What is seen lies in `screens/` and `widgets/`."""

from __future__ import annotations

import asyncio
import base64
import gc
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Any

from rich.console import RenderableType
from textual import events, work
from textual.app import App, SystemCommand
from textual.filter import LineFilter
from textual.message import Message
from textual.notifications import Notify, SeverityLevel
from textual.screen import Screen
from textual.scrollbar import ScrollBar, ScrollBarRender
from textual.widgets import Input

from engine.files.paths import Home
from tui import commands
from tui.feeds.prefetch import FirstLook, Lookout
from tui.formatting import plain
from tui.preferences.ascii import AsciiFilter, PlainScrollBar
from tui.preferences.key_bindings import clashes, keys_file, read_keys
from tui.preferences.notifications import escape_codes
from tui.preferences.state import last_manner, remember_manner
from tui.preferences.themes import NAMES, PREFIX, THEMES, draw_with, following
from tui.screens.error_screen import RESTART, BrokenScreen, write_down
from tui.screens.home import HomeScreen
from tui.snapshot import Snapshot
from tui.store_calls import Refused

if TYPE_CHECKING:
    from tui.feeds.feed import Feed

POLL_S = 0.25
LEAVES_A_FIELD = ("enter", "escape", "down", "up", "tab", "shift+tab")
FIELD_S = 0.5
PATIENCE_S = 1.5
"""An empty frame is shown where the first snapshot takes longer."""
SETTLES = 2
"""Passes of laying out until what is shown first stands where it stays."""


class SnapshotReady(Message):
    """The newest state. An older one that still waits is of no use."""

    def __init__(self, snapshot: Snapshot) -> None:
        super().__init__()
        self.snapshot = snapshot

    def can_replace(self, message: Message) -> bool:
        return isinstance(message, SnapshotReady)


class Looked(Message):
    """The process that looked before all else was ready is done: what it saw, why it could not, or None."""

    def __init__(self, look: FirstLook | str | None) -> None:
        super().__init__()
        self.look = look


class FeedFailed(Message):
    """The database cannot be read; one line that says what to do."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.text = text


class ResnetTui(App[None]):
    """Polls the feed in a thread and hands its snapshots to the home screen."""

    CSS_PATH = "styles/app.tcss"
    TITLE = "resnet-tui"
    ENABLE_COMMAND_PALETTE = True

    def __init__(
        self,
        home: Home,
        *,
        readonly: bool = False,
        in_ascii: bool = False,
        clock: Callable[[], datetime] = datetime.now,
        lookout: Lookout | None = None,
    ) -> None:
        super().__init__()
        self._home = home
        self.keys = read_keys(keys_file())
        self.manner = last_manner(home)
        self.in_ascii = in_ascii
        ScrollBar.renderer = PlainScrollBar if in_ascii else ScrollBarRender
        self._more_filters = [AsciiFilter()] if in_ascii else []
        self._home_screen = HomeScreen(home, readonly=readonly, clock=clock, looks_back=lookout is None)
        self._database = home.database
        self._feed: Feed | None = None
        self._lookout = lookout
        self._is_looking = lookout is not None
        self._known: Snapshot | None = None
        """What is shown already when the feed begins."""
        self._create = not readonly
        self._polling = False
        self.is_held = True
        """Nothing is written before there is something to show, or patience is out; it is laid out meanwhile."""
        for theme in THEMES:
            self.register_theme(theme)
        self._dress(self.manner.theme if self.manner.theme in NAMES else NAMES[0])

    def on_mount(self) -> None:
        self.set_keymap(dict(self.keys.keymap))
        self.push_screen(self._home_screen)
        self.set_interval(POLL_S, self.refresh_feed)
        self.set_timer(PATIENCE_S, self._release)
        self.refresh_feed()

        for problem in (*self.keys.problems, *clashes(self.keys.keymap)):
            self.notify(problem, severity="warning", timeout=20)

    def on_unmount(self) -> None:
        if self._lookout is not None:
            self._lookout.give_up()

    def _display(self, screen: Screen[object], renderable: RenderableType | None) -> None:
        if not self.is_held:
            super()._display(screen, renderable)

    def _release(self, passes: int = 0) -> None:
        """Write what there is to see, after so many more passes of laying out: each would else be written by itself."""
        if passes:
            self.call_after_refresh(self._release, passes - 1)
        elif self.is_held:
            self.is_held = False
            self.screen.refresh()
            self.call_after_refresh(collect_garbage_again)
            self.call_after_refresh(self.refresh_feed)

    async def on_event(self, event: events.Event) -> None:
        """What a key does in a field is done by the field's own loop and its parents', later: the next key waits for
        that, so that it lands where a person sees it land."""
        is_ours = isinstance(event, events.Key) and not event.is_forwarded and event.key in LEAVES_A_FIELD
        field = self.focused if is_ours else None
        if not isinstance(event, events.Key) or not isinstance(field, Input):
            await super().on_event(event)
            return
        await _has_been_done(field)  # what was typed before is in it
        # The field would hand the key on to us, behind those that have come meanwhile.
        if not await self._check_bindings(event.key, priority=True) and not await self._check_bindings(
            event.key
        ):
            await super().on_event(event)
        await _has_been_done(field)

    async def _dispatch_message(self, message: Message) -> None:
        """Keys are done here: an error in one must not end the loop that shows it."""
        try:
            await super()._dispatch_message(message)
        except Exception as error:
            if self.is_headless:
                raise
            self._handle_exception(error)

    def _handle_exception(self, error: Exception) -> None:
        """An error of the program's becomes a screen that can be copied; under a test it stays one."""
        if self.is_headless or not self.is_running:
            super()._handle_exception(error)
            return
        if any(isinstance(screen, BrokenScreen) for screen in self.screen_stack):
            return  # what broke may go on breaking, behind the screen that says so
        with suppress(OSError):  # what cannot be written down is still on the screen
            write_down(self._home, error)
        self.push_screen(BrokenScreen(error))

    def copy_to_clipboard(self, text: str) -> None:
        """By OSC 52. A path that is not UTF-8 is copied byte by byte."""
        raw = text.encode(errors="surrogateescape")
        try:
            super().copy_to_clipboard(raw.decode())
        except UnicodeDecodeError:
            if self._driver is not None:
                self._driver.write(f"\x1b]52;c;{base64.b64encode(raw).decode()}\a")

    def get_line_filters(self) -> Sequence[LineFilter]:
        return [*super().get_line_filters(), *self._more_filters]

    def change_manner(self, **changes: Any) -> None:
        """Remember how the user wants it, also for the next start."""
        self.manner = replace(self.manner, **changes)
        remember_manner(self._home, self.manner)

    def _dress(self, theme: str) -> None:
        draw_with(theme, has_hues=not self.no_color)
        self.theme = theme

    def action_help_quit(self) -> None:
        """ctrl+c ends nothing by accident."""
        self.notify("ctrl+c ends nothing here: q on the first screen leaves, and training goes on")

    def turn_theme(self) -> None:
        """The next theme, for everything that is seen."""
        self._dress(following(self.theme))
        self.change_manner(theme=self.theme)
        self.notify(f"theme: {self.theme.removeprefix(PREFIX)}")

    def tell(self, lines: Iterable[str]) -> None:
        """Outside the window: a notification of the terminal's, and its bell."""
        for line in lines:
            if self._driver is not None:
                self._driver.write(escape_codes(plain(line)))

    def notify(
        self,
        message: str,
        *,
        title: str = "",
        severity: SeverityLevel = "information",
        timeout: float | None = None,
        markup: bool = False,
    ) -> None:
        """Say something for a while: its text is never markup, for it may quote what a user typed."""
        shown = plain(message)
        super().notify(shown, title=title, severity=severity, timeout=timeout, markup=False)

    def _on_notify(self, event: Notify) -> None:
        """The same again takes the place of the one before; Textual's own handler follows."""
        new = event.notification
        for told in list(self._notifications):
            if (told.message, told.severity) == (new.message, new.severity):
                self._unnotify(told, refresh=False)

    def refresh_feed(self) -> None:
        """Ask for the newest state, unless the question before is still open, or what is known is not drawn yet."""
        if not self._polling and not (self.is_held and self._known is not None):
            self._polling = True
            self._poll(self._home_screen.run_id)

    @work(thread=True, group="feed")
    def _poll(self, run_id: int | None) -> None:
        try:
            if self._is_looking and self._lookout is not None:
                self.post_message(Looked(self._lookout.look()))
                self._is_looking = False
            elif (snapshot := self._newest(run_id)) is not None:
                self.post_message(SnapshotReady(snapshot))
        except Refused as error:
            self.post_message(FeedFailed(str(error)))
        finally:
            self._polling = False

    def _newest(self, run_id: int | None) -> Snapshot | None:
        """None where nothing moved. Raises Refused."""
        from engine.store.errors import StoreError
        from tui.feeds.feed import Feed

        try:
            if self._feed is None:
                known, self._known = self._known, None  # one that comes after a failure tells all anew
                self._feed = Feed(self._database, create=self._create, known=known)
            return self._feed.poll(run_id)
        except StoreError as error:
            if self._feed is not None:
                self._feed.close()
            self._feed = None
            raise Refused(str(error)) from error

    def on_looked(self, message: Looked) -> None:
        """The feed is loaded and begun as soon as that is drawn, not beside it."""
        if isinstance(message.look, FirstLook):
            self._known, self._create = message.look.snapshot, False
            self._home_screen.say_news(message.look.absence)
            self._home_screen.show(message.look.snapshot)
            self._release(SETTLES)
            return
        self._home_screen.look_back()
        if isinstance(message.look, str):
            self.on_feed_failed(FeedFailed(message.look))
        self.call_after_refresh(self.refresh_feed)

    def on_snapshot_ready(self, message: SnapshotReady) -> None:
        self._create = False  # a table that is gone is not made anew in silence
        self._home_screen.show(message.snapshot)
        self._release(SETTLES)

    def on_feed_failed(self, message: FeedFailed) -> None:
        if self._home_screen.is_mounted:
            self._home_screen.show_problem(message.text)
        self._release(SETTLES)

    def get_system_commands(self, screen: Screen[object]) -> Iterable[SystemCommand]:
        """The palette holds the table's commands."""
        found: tuple[commands.Command, ...] = getattr(screen, "TABLE", ())
        for command in found:
            yield SystemCommand(command.title, command.help, partial(screen.run_action, command.does))


def collect_garbage_again() -> None:
    """Where `tui.start` turned it off: what was loaded and made for the first frame stays, and is not looked at."""
    if not gc.isenabled():
        gc.freeze()
        gc.enable()


async def _has_been_done(field: Input) -> None:
    """Until the field, and then each of its parents, has nothing more to do, or for as long as a person would wait."""
    with suppress(TimeoutError):
        async with asyncio.timeout(FIELD_S):
            for pump in field.ancestors_with_self:
                done = asyncio.Event()
                if isinstance(pump, App) or not pump.call_later(done.set):
                    return
                await done.wait()


def run_app(
    home: Home, *, readonly: bool = False, in_ascii: bool = False, lookout: Lookout | None = None
) -> int:
    """Open the app, which shows first what `lookout` sees; gives the exit code."""
    while True:
        app = ResnetTui(home, readonly=readonly, in_ascii=in_ascii, lookout=lookout)
        app.run()
        if app.return_code != RESTART:
            return app.return_code or 0
        lookout = None
