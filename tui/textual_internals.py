"""Textual's private names that the app overrides or calls, all in this file and in `terminal_driver.py`, because there
is no public way.

They may change with any release: pyproject.toml pins Textual exactly, and tests/tui/test_textual_internals.py fails
where one of them is gone."""

import asyncio
import base64
from collections.abc import Mapping
from contextlib import suppress
from functools import partial
from time import time
from typing import Any, ClassVar, TypeVar

from rich.console import RenderableType
from textual import events, on
from textual._styles_cache import StylesCache
from textual.app import App
from textual.await_complete import AwaitComplete
from textual.binding import Binding, BindingType
from textual.driver import Driver
from textual.drivers.linux_driver import LinuxDriver
from textual.message import Message
from textual.notifications import Notify
from textual.screen import ModalScreen, Screen
from textual.widgets import Input

from tui.terminal_driver import TerminalDriver, has_shell

T = TypeVar("T")
PRIVATE: Mapping[type, tuple[str, ...]] = {
    App: (
        "_check_bindings",
        "_dispatch_message",
        "_display",
        "_driver",
        "_handle_exception",
        "_loop",
        "_notifications",
        "_on_notify",
        "_unnotify",
    ),
    LinuxDriver: (
        "_auto_restart",
        "_debug",
        "_file",
        "_loop",
        "_mouse_pixels",
        "_must_signal_resume",
        "_sigcont_application",
        "_sigtstp_application",
        "_writer_thread",
        "run_input_thread",
    ),
    Screen: ("_compositor_refresh", "_dirty_widgets", "_get_breakpoint_classes"),
    Input: ("_suggestion",),
    StylesCache: ("get_inner_outer",),
}
LEAVES_A_FIELD = ("enter", "escape", "down", "up", "tab", "shift+tab")
FIELD_S = 0.5
BELOW = "ToastRack, KeyFooter"
"""Parts of a screen that are hidden below another. They have the class themselves: on the screen it would style all."""
UNTIL_A_KEY_S = 86_400.0
"""Seconds for which a notification stays that only a key takes away."""


class InternalsApp(App[None]):
    """App whose drawing can be held back, that handles keys strictly in order, that shows its errors, and that lends
    its terminal to the shell."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+z", "suspend_process", "suspend", show=False, priority=True)
    ]
    is_held = False
    """While True, nothing is drawn on the terminal."""
    typed_at = 0.0
    """Time of the newest key, click or paste, as `events.Event.time`."""
    read_after_s = 4.0
    """Seconds in which a notification that stays can be read: a key that comes sooner does not take it away."""
    _heard_from = 0.0
    """Keys and pastes from before this time are dropped: who typed them had not seen the question."""

    def get_driver_class(self) -> type[Driver]:
        found = super().get_driver_class()
        return TerminalDriver if found is LinuxDriver else found

    @property
    def has_terminal(self) -> bool:
        """True while the app draws on a terminal: not before its start, nor while it is suspended."""
        return isinstance(self._driver, TerminalDriver) and self._driver.is_on

    def leave(self) -> None:
        """End the app, from a signal's handler. `_loop`: Textual would not wake it."""
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self.exit)

    def give_terminal_back(self) -> None:
        """Give the terminal back, whatever the app does."""
        if isinstance(self._driver, TerminalDriver):
            self._driver.give_back()

    def action_suspend_process(self) -> None:
        """Give the terminal to the shell until its `fg`."""
        if not isinstance(self._driver, TerminalDriver):
            return
        if has_shell():
            self._driver.suspend()
        else:
            self.notify("ctrl+z: no shell waits behind this program; q quits, and training goes on")

    def _is_stale(self, event: events.Event) -> bool:
        resumed_at = self._driver.resumed_at if isinstance(self._driver, TerminalDriver) else 0.0
        typed = isinstance(event, events.InputEvent | events.Paste) and not event.is_forwarded
        return typed and event.time < max(self._heard_from, resumed_at)

    def push_screen(self, screen: Any, *rest: Any, **named: Any) -> Any:
        """Push a screen that has its size classes before its widgets: with Textual alone they come after the first
        drawing, and all of it is styled, laid out and drawn twice."""
        if isinstance(screen, Screen):
            for length, breakpoints in (
                (self.size.width, screen.HORIZONTAL_BREAKPOINTS),
                (self.size.height, screen.VERTICAL_BREAKPOINTS),
            ):
                screen.add_class(*screen._get_breakpoint_classes(length, breakpoints or []), update=False)
        return super().push_screen(screen, *rest, **named)

    def pop_screen(self) -> AwaitComplete:
        """Close the topmost screen. Textual's one cache for all widgets would keep what hundreds of closed ones have
        drawn, 5,000 objects a screen."""
        popped = super().pop_screen()
        StylesCache.get_inner_outer.cache_clear()
        return popped

    def show_error(self, error: Exception) -> None:
        """Show an error of the program itself."""
        raise NotImplementedError

    def write_to_terminal(self, codes: str) -> None:
        """Write escape codes past the screen's content. `_driver`: Textual has no public way."""
        if self._driver is not None:
            self._driver.write(codes)

    def copy_to_clipboard(self, text: str) -> None:
        """Copy by OSC 52. A path that is not UTF-8 is copied byte by byte."""
        raw = text.encode(errors="surrogateescape")
        try:
            super().copy_to_clipboard(raw.decode())
        except UnicodeDecodeError:
            self.write_to_terminal(f"\x1b]52;c;{base64.b64encode(raw).decode()}\a")

    def _display(self, screen: Screen[object], renderable: RenderableType | None) -> None:
        """Write an update of the screen, unless drawing is held back."""
        if self.is_held:
            return
        if isinstance(screen, Question) and not screen.is_seen:
            screen.is_seen, self._heard_from = True, events.Event().time
        super()._display(screen, renderable)

    async def on_event(self, event: events.Event) -> None:
        """Handle a key that leaves a field after all text typed before it, and before the keys that follow.

        Textual handles such a key later, in the message loops of the field and its parents, so a burst of keys would
        overtake it. `_check_bindings`: the field would pass the key on to the app behind keys that came meanwhile."""
        if self._is_stale(event):
            return
        if isinstance(event, events.InputEvent | events.Paste):
            self.typed_at = event.time
        if isinstance(event, events.Key) and not event.is_forwarded:
            self._take_away_read()
        is_ours = isinstance(event, events.Key) and not event.is_forwarded and event.key in LEAVES_A_FIELD
        field = self.focused if is_ours else None
        if not isinstance(event, events.Key) or not isinstance(field, Input):
            await super().on_event(event)
            return
        await _idle(field)
        is_done = await self._check_bindings(event.key, priority=True)
        if not is_done and not await self._check_bindings(event.key):
            await super().on_event(event)
        await _idle(field)

    async def _dispatch_message(self, message: Message) -> None:
        """Dispatch a message. Keys are handled here, and an error in one must not end the loop that shows it."""
        try:
            await super()._dispatch_message(message)
        except Exception as error:
            if self.is_headless:
                raise
            self._handle_exception(error)

    def _handle_exception(self, error: Exception) -> None:
        """Show an error instead of ending the app; under a test it stays an error."""
        if self.is_headless or not self.is_running:
            super()._handle_exception(error)
        else:
            self.show_error(error)

    def _on_notify(self, event: Notify) -> None:
        """Take away what is shown: the newest has the one place. Textual's own handler follows."""
        for shown in list(self._notifications):
            self._unnotify(shown, refresh=False)

    def _take_away_read(self) -> None:
        """Take away at a key what stays until one, once it could be read."""
        for shown in list(self._notifications):
            if shown.timeout >= UNTIL_A_KEY_S and time() - shown.raised_at >= self.read_after_s:
                self._unnotify(shown)


class OpeningScreen(Screen[T]):
    """Screen that is drawn for the first time once it is laid out. Textual draws each step on the way there, which
    takes several times as long."""

    REVEALED_AFTER_S: ClassVar[float] = 0.05
    """Seconds after which it is drawn as it is."""
    WAITS_TO_SHOW: ClassVar[bool] = False
    """True where it calls `reveal` once it has something to show."""
    _is_new = True
    is_revealed = False

    @on(events.ScreenResume)
    def _begin(self, event: events.ScreenResume) -> None:
        """Let Textual style a new screen's widgets once, as they are mounted, and not a second time."""
        if self._is_new:
            self._is_new, event.refresh_styles = False, False
            self.set_timer(self.REVEALED_AFTER_S, partial(self.reveal, 0))
            if not self.WAITS_TO_SHOW:
                self.reveal()

    def reveal(self, passes: int = 1) -> None:
        """Draw the screen from now on, after so many more passes of laying out."""
        if self.is_revealed:
            return
        if passes:
            self.call_after_refresh(self.reveal, passes - 1)
        else:
            self.is_revealed = True
            # Not `refresh`: where a layout is due as well, Textual would draw the screen twice.
            self._dirty_widgets.add(self)
            self.check_idle()

    def _compositor_refresh(self) -> None:
        """Draw what changed, unless the screen is still being laid out."""
        if self.is_revealed:
            super()._compositor_refresh()


class Dialog(ModalScreen[T], OpeningScreen[T]):
    """Window above a screen."""


class Question(Dialog[bool]):
    """Dialog whose keys count from when it is drawn for the first time."""

    is_seen = False


class CoverableScreen(OpeningScreen[T]):
    """Screen that is not drawn while another covers it completely, and shows no toasts and keys below a dialog."""

    def on_screen_suspend(self) -> None:
        self.query(BELOW).add_class("-below")

    def on_screen_resume(self) -> None:
        self.query(BELOW).remove_class("-below")

    def _compositor_refresh(self) -> None:
        """Draw what changed, unless the screen is covered: Textual would draw all of it each time. It is drawn when it
        is uncovered."""
        above = self.app.screen
        is_held = isinstance(self.app, InternalsApp) and self.app.is_held
        if not is_held and (above is self or isinstance(above, ModalScreen)):
            super()._compositor_refresh()


def suggest(field: Input, whole: str) -> None:
    """Show, dimmed behind a field's text, what `→` makes of it; empty for nothing. `_suggestion`: Textual asks a
    suggester only when the text changes."""
    field._suggestion = whole


async def _idle(field: Input) -> None:
    """Wait until the field and each of its parents have nothing more to do, at most FIELD_S seconds."""
    with suppress(TimeoutError):
        async with asyncio.timeout(FIELD_S):
            for pump in field.ancestors_with_self:
                done = asyncio.Event()
                if isinstance(pump, App) or not pump.call_later(done.set):
                    return
                await done.wait()
