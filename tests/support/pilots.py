"""Driving the app by keys without a terminal."""

import asyncio
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot
from waiting import LIMIT_S

from engine.files.paths import Home
from engine.hardware import processes
from tui.app import ResnetTui
from tui.widgets.clipped import Clipped
from tui.widgets.run_table import RunTable

TALL, SMALL = (120, 40), (80, 24)


def make_home(root: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    """An empty one on a host whose name does not change."""
    monkeypatch.setattr(processes, "host_name", lambda: "gpu03")
    (root / "retina").mkdir()
    return Home.find(root / "retina", cache=root / "cache")


def app(home: Home, **flags: Any) -> ResnetTui:
    """The app at a time of its own, whose toasts stay until a slow machine has looked at them."""
    made = ResnetTui(home, clock=lambda: datetime(2026, 1, 2, 15, 31), **flags)
    usual = made.notify
    made.notify = lambda message, **more: usual(message, **more | {"timeout": LIMIT_S})  # type: ignore[method-assign]
    return made


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


def toasts(pilot: Pilot[Any]) -> str:
    return "\n".join(notification.message for notification in pilot.app._notifications)


def listen(pilot: Pilot[Any]) -> list[str]:
    """All that is said from now on, also what stands in one toast."""
    said: list[str] = []
    usual = pilot.app.notify

    def notify(message: str, **more: Any) -> None:
        said.append(message)
        usual(message, **more)

    pilot.app.notify = notify  # type: ignore[method-assign]
    return said
