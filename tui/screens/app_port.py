"""Services of the app that screens use."""

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any, Protocol, cast

from engine.files.paths import Home
from tui.preferences.key_bindings import Keys
from tui.preferences.state import Preferences

if TYPE_CHECKING:
    from textual.screen import Screen

    from tui.background import Edits


class AppPort(Protocol):
    """App as its screens know it."""

    home: Home
    preferences: Preferences
    keys: Keys
    readonly: bool
    is_served: bool
    edits: "Edits"
    last_form: Mapping[str, str]
    """Texts that a new experiment's form begins with: of the last one that was queued, or left half typed."""

    def change_preferences(self, **changes: Any) -> None: ...
    def write_later(self, job: Callable[[], None]) -> None: ...
    def refresh_feed(self) -> None: ...
    def notify_outside(self, lines: Iterable[str]) -> None: ...
    def next_theme(self) -> None: ...
    def raise_from_thread(self, error: Exception) -> None: ...
    def may_write(self) -> bool: ...


def port_of(screen: "Screen[Any]") -> AppPort:
    """Return the app of a screen. Only `tui.app` makes apps, and mypy checks there that it is a port."""
    return cast(AppPort, screen.app)
