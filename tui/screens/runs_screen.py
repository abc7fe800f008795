"""Screens with runs that keys act on, as the composed actions know them."""

from typing import Protocol

from textual.app import App
from textual.notifications import SeverityLevel

from tui.run_row import RunRow
from tui.screens.app_port import AppPort


class RunsScreen(Protocol):
    """Screen with chosen runs."""

    @property
    def port(self) -> AppPort: ...
    @property
    def app(self) -> App[object]: ...
    @property
    def is_current(self) -> bool: ...

    @property
    def is_order_seen(self) -> bool:
        """True where the table is in the queue's order, so that a move shows by itself."""
        ...

    @property
    def has_worker(self) -> bool:
        """True where a worker is there: what is queued starts by itself."""
        ...

    def start_worker(self) -> None:
        """Start a worker on this host, unless one is there."""
        ...

    def chosen_rows(self) -> list[RunRow]:
        """Return the runs that a key acts on."""
        ...

    def notify(
        self,
        message: str,
        *,
        title: str = "",
        severity: SeverityLevel = "information",
        timeout: float | None = None,
    ) -> None: ...
