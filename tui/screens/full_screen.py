"""Bases of the screens that fill the window: commands, size classes, help, the problem banner, a feed."""

from collections.abc import Callable, Collection, Iterable, Mapping
from contextlib import suppress
from typing import ClassVar, TypeVar

from textual.app import ComposeResult
from textual.message import Message
from textual.widget import Widget
from textual.widgets import Static

from tui.commands import Command, Table
from tui.feeds.reader_thread import FeedThread, PollFeed
from tui.formatting import plain
from tui.screens.app_port import AppPort, port_of
from tui.screens.help import HelpScreen
from tui.screens.palette import PaletteScreen
from tui.textual_internals import CoverableScreen
from tui.widgets.key_footer import KeyFooter
from tui.widgets.palette_list import Entry

T = TypeVar("T")
TOO_SMALL = "resnet-tui needs 80×24 characters: enlarge the window"
ALWAYS = ("help", "leave", "quit")
"""Commands that a window which is too small has, too."""
READ_ONLY = "this window is read-only"
Handlers = Mapping[str, Callable[[], object]]
"""Action of each command, by its id."""


class CommandScreen(CoverableScreen[T]):
    """Screen whose keys are a table of commands."""

    TABLE: ClassVar[Table]
    AUTO_FOCUS = None

    def handlers(self) -> Handlers:
        """Return what each command of the table does, but for those of a page."""
        raise NotImplementedError

    def offers(self, command: Command) -> bool | None:
        """Return True where the command can be given now, None to show it dimmed, False to hide it."""
        return True

    def in_footer(self) -> Collection[str]:
        """Return the ids of the commands that the footer names now."""
        return {command.id for command in self.TABLE if command.in_footer}

    def footer(self) -> KeyFooter:
        """Make the line of keys at the bottom."""
        return KeyFooter(self.in_footer)

    def why_not(self, command: Command) -> str:
        """Return why a command cannot be given now, in some words for the palette; empty where it can."""
        return READ_ONLY if not command.looks and self.port.readonly else ""

    def open_palette(self) -> None:
        """List all commands of the table; the one that is chosen is given as by its key."""
        keymap = self.port.keys.keymap
        entries = [
            Entry(each.id, each.key_text(keymap), each.title, each.help, self.why_not(each))
            for each in self.TABLE
        ]

        def chosen(name: str | None) -> None:
            if name is not None:
                self.call_later(self.action_command, name)

        self.app.push_screen(PaletteScreen(entries), chosen)

    def command(self, name: str) -> Command:
        return next(command for command in self.TABLE if command.id == name)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        return self.offers(self.command(str(parameters[0]))) if action == "command" else True

    async def action_command(self, name: str) -> None:
        """Give a command of the table, by its key, the palette or a click. A read-only window refuses what changes
        something: here, for all commands."""
        command = self.command(name)
        if command.looks or self.port.may_write():
            await self.get_ready()
            self.do(command)

    async def get_ready(self) -> None:
        """Mount what commands need and the first drawing did not."""

    def do(self, command: Command) -> None:
        self.handlers()[command.id]()

    def raise_from_thread(self, error: Exception) -> None:
        """Show an error of the program's own that a thread met, as long as the screen is open."""
        with suppress(RuntimeError):  # there is no app
            self.port.raise_from_thread(error)

    @property
    def port(self) -> AppPort:
        return port_of(self)


class FullScreen(CommandScreen[T]):
    """Screen with a head, a problem banner, a body and the footer, or a line that says that the window is too small."""

    _own_problem = _outage = _shown_problem = ""
    HORIZONTAL_BREAKPOINTS = [(0, "-tiny"), (80, "-narrow"), (110, "-wide")]
    VERTICAL_BREAKPOINTS = [(0, "-low"), (24, "-high"), (34, "-tall")]

    def compose(self) -> ComposeResult:
        yield Static(TOO_SMALL, id="too-small")
        yield self.compose_head()
        yield Static(id="banner", markup=False)
        yield from self.compose_body()
        yield self.footer()

    def compose_head(self) -> Widget:
        """Make the line at the top."""
        raise NotImplementedError

    def compose_body(self) -> Iterable[Widget]:
        """Make all between the head and the footer."""
        raise NotImplementedError

    @property
    def is_too_small(self) -> bool:
        return self.has_class("-tiny") or self.has_class("-low")

    @property
    def is_whole(self) -> bool:
        """True while the screen's widgets are mounted."""
        return self.is_attached and bool(self.query("#banner"))

    def offers(self, command: Command) -> bool | None:
        return command.id in ALWAYS or not self.is_too_small

    def why_not(self, command: Command) -> str:
        is_hidden = self.is_too_small and command.id not in ALWAYS
        return TOO_SMALL if is_hidden else super().why_not(command)

    def on_resize(self) -> None:
        self.call_after_refresh(self.refresh_bindings)

    def show_problem(self, text: str) -> None:
        """Say above the body what cannot be read, nothing for an empty text; what was seen last stays."""
        self._own_problem = text
        self._draw_banner()

    def show_outage(self, text: str) -> None:
        """Say in the place of the screen's own problem that the run table does not answer; nothing for ""."""
        self._outage = text
        self._draw_banner()

    def _draw_banner(self) -> None:
        text = self._outage or self._own_problem
        if self.is_whole and text != self._shown_problem:
            self._shown_problem = text
            banner = self.query_one("#banner", Static)
            banner.update(f"✖ {plain(text)}")
            banner.display = bool(text)

    def open_help(self) -> None:
        self.app.push_screen(HelpScreen(self.TABLE))

    def leave(self) -> None:
        self.dismiss()


class FeedScreen(FullScreen[T]):
    """Full screen that polls a feed of its own while it is open."""

    POLL_S: ClassVar[float]
    """Seconds between two polls."""
    FEED_ERRORS: ClassVar[tuple[type[Exception], ...]]
    """Errors of the feed that stand in the banner until it can be read again."""
    WAITS_TO_SHOW = True
    REVEALED_AFTER_S = 0.1

    class Ready(Message):
        """Newest view of the feed. An older one that still waits is of no use."""

        def __init__(self, view: object) -> None:
            super().__init__()
            self.view = view

        def can_replace(self, message: Message) -> bool:
            return isinstance(message, FeedScreen.Ready)

    class Failed(Message):
        def __init__(self, error: Exception) -> None:
            super().__init__()
            self.error = error

    def __init__(self) -> None:
        super().__init__()
        self._feed = FeedThread[object](
            f"feed of {type(self).__name__}",
            self.open_feed,
            lambda view: self.post_message(self.Ready(view)),
            lambda error: self.post_message(self.Failed(error)),
            self.raise_from_thread,
            self.FEED_ERRORS,
        )

    def open_feed(self) -> PollFeed[object]:
        """Open the feed, in its thread. Raises one of FEED_ERRORS."""
        raise NotImplementedError

    def show_view(self, view: object) -> None:
        """Draw a view of the feed."""
        raise NotImplementedError

    def feed_failed(self, error: Exception) -> None:
        """Say why the feed cannot be read."""
        self.show_problem(str(error))

    def compose(self) -> ComposeResult:
        """Begin to read while the widgets are made."""
        self._feed.ask()
        yield from super().compose()

    def on_mount(self) -> None:
        self.set_interval(self.POLL_S, self._feed.ask)

    def on_unmount(self) -> None:
        self._feed.stop()

    def on_feed_screen_ready(self, message: Ready) -> None:
        if self.is_whole:
            self.show_problem("")
            self.show_view(message.view)
            self.reveal()

    def on_feed_screen_failed(self, message: Failed) -> None:
        if self.is_whole:
            self.feed_failed(message.error)
            self.reveal()
