"""Driving the app by keys without a terminal."""

import asyncio
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot
from textual.widgets import Static
from waiting import LIMIT_S

import tui.app
from engine.files.paths import Home
from engine.hardware import processes
from engine.store import listing
from engine.store.database import Store
from tui.app import ResnetTui
from tui.formatting import plain
from tui.screens.compare import CompareScreen
from tui.screens.confirm import ConfirmScreen
from tui.screens.home import HomeScreen
from tui.screens.run import RunScreen
from tui.widgets.clipped import Clipped
from tui.widgets.run_table import RunTable

TALL, SMALL = (120, 40), (80, 24)


def make_home(root: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    """An empty one on a host whose name does not change."""
    monkeypatch.setattr(processes, "host_name", lambda: "gpu03")
    (root / "retina").mkdir()
    return Home.find(root / "retina", cache=root / "cache")


class RecordedApp(ResnetTui):
    """The app under test: keeps what it notified of, shows it until a slow machine has looked, and ends only after what
    it writes beside the screen."""

    CSS_PATH = Path(tui.app.__file__).parent / "styles" / "app.tcss"  # else it is looked for beside this file

    def __init__(self, home: Home, **flags: Any) -> None:
        super().__init__(home, clock=lambda: datetime(2026, 1, 2, 15, 31), **flags)
        self.notified: list[str] = []

    def notify(self, message: str, **more: Any) -> None:
        self.notified.append(plain(message))
        super().notify(message, **more | {"timeout": LIMIT_S})

    async def on_unmount(self) -> None:
        await asyncio.to_thread(self.has_written)


def app(home: Home, **flags: Any) -> RecordedApp:
    return RecordedApp(home, **flags)


async def until(pilot: Pilot[Any], condition: Callable[[], object]) -> None:
    """Let the app work until something holds. TimeoutError after LIMIT_S."""
    async with asyncio.timeout(LIMIT_S):
        while not condition():
            await pilot.pause()
            await asyncio.sleep(0.01)


def shown(pilot: Pilot[Any], selector: str) -> str:
    """The text of a widget of the present screen."""
    widget = pilot.app.screen.query_one(selector)
    return str(widget.text if isinstance(widget, Clipped) else widget.content)  # type: ignore[attr-defined]


def table(pilot: Pilot[Any]) -> RunTable:
    return pilot.app.screen.query_one(RunTable)


async def opened(pilot: Pilot[Any], rows: int = 8) -> None:
    await until(pilot, lambda: table(pilot).row_count == rows and shown(pilot, "#title") if rows else True)


def notified(pilot: Pilot[Any]) -> str:
    """All notifications since the start, a line each, as they were posted: a toast is on the screen for some seconds
    only, which may be over before a busy machine looks."""
    return "\n".join(pilot.app.notified)  # type: ignore[attr-defined]


def asked(pilot: Pilot[Any]) -> str:
    """The question that can be answered now: it has been drawn."""
    screen = pilot.app.screen
    is_asked = isinstance(screen, ConfirmScreen) and screen.is_seen
    return str(screen.query(Static).first().content) if is_asked else ""


def toasts(pilot: Pilot[Any]) -> list[str]:
    """Notifications that are on the screen now."""
    return [notification.message for notification in pilot.app._notifications]


async def on_run(pilot: Pilot[Any], downs: int = 0) -> None:
    """Open the run that lies so many lines below the first, which is #5."""
    await opened(pilot)
    await pilot.press(*["j"] * downs, "enter")
    await until(pilot, lambda: isinstance(pilot.app.screen, RunScreen))
    await until(pilot, lambda: shown(pilot, "#run-head"))


async def go_to(pilot: Pilot[Any], run_id: int) -> None:
    """Move the cursor to a run of Home's table."""
    await pilot.press("g")
    while table(pilot).run_id != run_id:
        await pilot.press("j")


def statuses(store: Store) -> dict[int, str]:
    with store.read() as session:
        return {run.id or 0: run.status for run in listing.list_runs(session)}


async def on_comparison(pilot: Pilot[Any], *run_ids: int) -> None:
    """Compare runs, from Home with all of its runs."""
    await until(pilot, lambda: isinstance(pilot.app.screen, HomeScreen))
    await opened(pilot)
    for run_id in run_ids:
        await go_to(pilot, run_id)
        await pilot.press("space", "g")
    await pilot.press("c")
    await until(pilot, lambda: isinstance(pilot.app.screen, CompareScreen))
    await until(pilot, lambda: shown(pilot, "#compare-head"))
