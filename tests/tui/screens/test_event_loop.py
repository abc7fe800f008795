"""Nothing slow on the event loop: no key and no poll opens a file, scans a folder, starts a process or calls fsync."""

import asyncio
from pathlib import Path
from typing import Any

import pytest
from cell_images import SKILL, answer, is_drawn
from loop_guard import guarded
from pilots import SMALL, app, asked, notified, opened, shown, table, until
from studies import LABELS
from textual.pilot import Pilot

from engine.files.paths import Home
from engine.hardware import processes, worker_start
from engine.hardware.telemetry import NvidiaState
from engine.store import listing
from engine.store.database import Store
from tui import commands
from tui.feeds import cards_feed
from tui.screens.compare import CompareScreen
from tui.screens.data import DataScreen
from tui.screens.home import HomeScreen
from tui.screens.images import ImagesScreen
from tui.screens.journal import JournalScreen
from tui.screens.run import RunScreen
from tui.screens.workers import WorkersScreen
from tui.widgets.matrix_pane import MatrixPane
from tui.widgets.score_pane import READING, ScorePlot


async def on(pilot: Pilot[Any], screen: type) -> None:
    await until(pilot, lambda: isinstance(pilot.app.screen, screen))


async def on_home(pilot: Pilot[Any]) -> None:
    """Order, marks, filter, theme, notifications, edits, the clipboard, the journal."""
    await pilot.press(*"sSTB", "escape", "space", *"vjv", "escape", *"ajkgG", "escape")
    await pilot.press("slash", *"lr>0", "enter", "escape", "i")
    await on(pilot, JournalScreen)
    await pilot.press("escape", *"PPpprKJ", "number_sign", "ctrl+y", "Y")
    await until(pilot, lambda: "copied resnet-tui add" in notified(pilot))
    await pilot.press(
        "N", *"odd", "enter", "t", *"good", "enter", "u", "D", "n", "x", "n", "question_mark", "q"
    )
    await until(pilot, lambda: "undone" in notified(pilot))


async def on_run(pilot: Pilot[Any]) -> None:
    """Each page of a run, its log while it is read, and the images of a cell."""
    await pilot.press("g", "enter")
    await on(pilot, RunScreen)
    await until(pilot, lambda: shown(pilot, "#run-head"))
    await pilot.press("left", "plus", "y", "z", "3", "g", "slash", *"line", "enter", "4", "d", "3", "enter")
    await until(pilot, lambda: "from #3" in shown(pilot, "#spec-text"))
    await pilot.press("5", "right_square_bracket", "down", "right", "e")
    await until(pilot, lambda: pilot.app.screen.query_one(ScorePlot).drawing != READING)
    await pilot.press("2")
    await until(pilot, lambda: pilot.app.screen.query_one(MatrixPane).matrix)
    await pilot.press("enter")
    await on(pilot, ImagesScreen)
    await until(pilot, lambda: is_drawn(pilot))
    await pilot.press("right", "left_square_bracket", "s", "y", "question_mark", "q", "escape", "escape")
    await on(pilot, HomeScreen)


async def on_comparison(pilot: Pilot[Any]) -> None:
    await pilot.press("g", "v", "j", "j", "v", "c")
    await on(pilot, CompareScreen)
    await until(pilot, lambda: shown(pilot, "#compare-head"))
    await pilot.press(*"12345", "m", "right_square_bracket", "e", "escape", "escape")
    await on(pilot, HomeScreen)


async def on_workers_and_data(pilot: Pilot[Any]) -> None:
    await pilot.press("W")
    await on(pilot, WorkersScreen)
    await pilot.press("j", "k", "d", "x")
    await until(pilot, lambda: asked(pilot))
    await pilot.press("y", "w")
    await until(pilot, lambda: "worker 1 stops" in notified(pilot))
    await pilot.press("escape", "d")
    await on(pilot, DataScreen)
    await until(pilot, lambda: "usable" in shown(pilot, "#data-text"))
    await pilot.press("j", "r", "space", "escape")
    await on(pilot, HomeScreen)


async def on_worker_that_fails(pilot: Pilot[Any]) -> None:
    await pilot.press("w")
    await until(pilot, lambda: "no card here" in notified(pilot))


@pytest.mark.parametrize("visit", [on_home, on_run, on_comparison, on_workers_and_data, on_worker_that_fails])
async def test_no_key_does_anything_slow_on_the_event_loop(
    home: Home, study: Store, monkeypatch: pytest.MonkeyPatch, visit: Any
) -> None:
    answer(home, 5, [f"fundus#{640 + place}" for place in range(sum(LABELS))], 3, SKILL)
    home.run(5).log.write_text("line one\nline two\n")
    monkeypatch.setattr(cards_feed, "nvidia", lambda: NvidiaState((), None, None, None))
    monkeypatch.setattr(processes, "takes", lambda _pid, _number: True)
    monkeypatch.setattr("os.kill", lambda _pid, _number: None)
    monkeypatch.setattr(
        worker_start, "worker_command", lambda _home, **_: ["/bin/sh", "-c", "echo no card here; exit 2"]
    )
    if visit is on_worker_that_fails:
        with study.write() as session:
            session.connection().exec_driver_sql("UPDATE worker SET state = 'gone'")
    async with app(home).run_test(size=SMALL, notifications=True) as pilot:
        await opened(pilot)
        with guarded(monkeypatch) as slow:
            await visit(pilot)
            await until(pilot, lambda: table(pilot).row_count >= 7)
            pilot.app.screen.handlers()["quit"]()  # type: ignore[attr-defined]
        assert slow == []


def test_the_guard_sees_what_it_looks_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with guarded(monkeypatch) as slow:
        (tmp_path / "file").write_text("x")
        assert (tmp_path / "file").exists() and list(tmp_path.iterdir())
    assert [each.split()[0] for each in slow] == ["open", "os.stat", "os.listdir"]


async def test_the_guard_sees_a_store_that_is_used_on_the_event_loop(
    home: Home, study: Store, store_on_the_event_loop: list[str]
) -> None:
    def look() -> None:
        with study.read() as session:
            listing.list_runs(session)

    async with app(home).run_test(size=SMALL) as pilot:
        await opened(pilot)
        look()  # the test's own
        await asyncio.to_thread(look)
        assert store_on_the_event_loop == []
        pilot.app.call_later(look)
        await until(pilot, lambda: store_on_the_event_loop)
    store_on_the_event_loop.clear()


def test_screens_have_few_methods() -> None:
    """Actions on runs are composed: a screen has at most 40 methods of its own, and under 60 with all it inherits."""
    for screen in (HomeScreen, RunScreen, CompareScreen, WorkersScreen, DataScreen, ImagesScreen):
        assert len(own_methods(screen)) <= 40, screen.__name__
        inherited = {
            name
            for kind in screen.__mro__
            if kind.__module__.startswith("tui.")
            for name in own_methods(kind)
        }
        assert len(inherited) < 60, screen.__name__
    assert len(own_methods(HomeScreen)) < 40


def own_methods(kind: type) -> set[str]:
    return {name for name, value in vars(kind).items() if callable(value) and not isinstance(value, type)} | {
        name for name, value in vars(kind).items() if isinstance(value, property)
    }


def test_each_command_has_one_handler(home: Home) -> None:
    """A command that several screens have is one entry, taken over with another key or group at most."""
    by_id: dict[str, set[str]] = {}
    for each in (each for entries in commands.TABLES for each in entries):
        by_id.setdefault(each.id, set()).add(each.help)
    differing = {name for name, helps in by_id.items() if len(helps) > 1}
    assert differing <= {"open_run", "up", "down", "leave", "copy_path", "show_curves", "report"}
