"""Textual's private names that the app overrides or calls, all in this file, because there is no public way.

They may change with any release: pyproject.toml pins Textual exactly, and tests/tui/test_textual_internals.py fails
where one of them is gone."""

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from typing import TypeVar

from rich.console import RenderableType
from textual import events
from textual.app import App
from textual.message import Message
from textual.notifications import Notify
from textual.screen import ModalScreen, Screen
from textual.widgets import Input

T = TypeVar("T")
PRIVATE: Mapping[type, tuple[str, ...]] = {
    App: (
        "_check_bindings",
        "_dispatch_message",
        "_display",
        "_driver",
        "_handle_exception",
        "_notifications",
        "_on_notify",
        "_unnotify",
    ),
    Screen: ("_compositor_refresh",),
}
LEAVES_A_FIELD = ("enter", "escape", "down", "up", "tab", "shift+tab")
FIELD_S = 0.5


class InternalsApp(App[None]):
    """App whose drawing can be held back, that handles keys strictly in order, and that shows its errors."""

    is_held = False
    """While True, nothing is drawn on the terminal."""

    def show_error(self, error: Exception) -> None:
        """Show an error of the program itself."""
        raise NotImplementedError

    def write_to_terminal(self, codes: str) -> None:
        """Write escape codes past the screen's content. `_driver`: Textual has no public way."""
        if self._driver is not None:
            self._driver.write(codes)

    def _display(self, screen: Screen[object], renderable: RenderableType | None) -> None:
        """Write an update of the screen, unless drawing is held back."""
        if not self.is_held:
            super()._display(screen, renderable)

    async def on_event(self, event: events.Event) -> None:
        """Handle a key that leaves a field after all text typed before it, and before the keys that follow.

        Textual handles such a key later, in the message loops of the field and its parents, so a burst of keys would
        overtake it. `_check_bindings`: the field would pass the key on to the app behind keys that came meanwhile."""
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
        """Drop an equal notification that is still shown: the new one replaces it. Textual's own handler follows."""
        new = event.notification
        for shown in list(self._notifications):
            if (shown.message, shown.severity) == (new.message, new.severity):
                self._unnotify(shown, refresh=False)


class CoverableScreen(Screen[T]):
    """Screen that is not drawn while another covers it completely."""

    def _compositor_refresh(self) -> None:
        """Draw what changed, unless the screen is covered: Textual would draw all of it each time. It is drawn when it
        is uncovered."""
        above = self.app.screen
        is_held = isinstance(self.app, InternalsApp) and self.app.is_held
        if not is_held and (above is self or isinstance(above, ModalScreen)):
            super()._compositor_refresh()


async def _idle(field: Input) -> None:
    """Wait until the field and each of its parents have nothing more to do, at most FIELD_S seconds."""
    with suppress(TimeoutError):
        async with asyncio.timeout(FIELD_S):
            for pump in field.ancestors_with_self:
                done = asyncio.Event()
                if isinstance(pump, App) or not pump.call_later(done.set):
                    return
                await done.wait()
