"""Keys of a run and of compared runs that write files, extend it or show its data; the check of all images."""

from typing import Any

import pytest
from pictures import class_folders
from pilots import SMALL, app, go_to, notified, opened, shown, until
from textual.pilot import Pilot
from textual.widgets import Input

from engine.files.paths import Home
from engine.spec.grid import load_spec, make_spec
from engine.store import listing
from engine.store.database import Store
from engine.store.schema import run_table
from engine.store.spec_columns import of_spec
from tui.screens.compare import CompareScreen
from tui.screens.data import DataScreen
from tui.screens.run import RunScreen
from tui.screens.task_screen import TaskScreen
from tui.screens.text_prompt import AskScreen


async def on(pilot: Pilot[Any], screen: type) -> None:
    await until(pilot, lambda: isinstance(pilot.app.screen, screen))


async def on_run_4(pilot: Pilot[Any]) -> None:
    await opened(pilot)
    await go_to(pilot, 4)
    await pilot.press("enter")
    await on(pilot, RunScreen)
    await until(pilot, lambda: shown(pilot, "#run-head"))


def change(study: Store, run_id: int, settings: dict[str, object]) -> None:
    """Change settings of a run that has ended."""
    with study.write() as session:
        spec = load_spec(listing.get_run(session, run_id).spec)
        changed = make_spec({**spec.model_dump(), **settings})
        session.execute(run_table.update().where(run_table.c.id == run_id).values(**of_spec(changed)))


def make_extendable(study: Store, home: Home, run_id: int) -> None:
    """Give a run a constant schedule and a checkpoint."""
    change(study, run_id, {"schedule": "constant"})
    home.run(run_id).folder.mkdir(parents=True, exist_ok=True)
    home.run(run_id).last.write_bytes(b"")


async def test_a_run_writes_its_files_from_its_own_screen(
    home: Home, study: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tui.screens.task_screen.give_verb", lambda *_: "")
    async with app(home).run_test(size=SMALL, notifications=True) as pilot:
        await on_run_4(pilot)
        await pilot.press("R")
        await on(pilot, TaskScreen)
        await pilot.press("escape", "o")
        await on(pilot, TaskScreen)
        await pilot.press("escape", "I")
        await on(pilot, TaskScreen)
        assert "predict" in shown(pilot, "Static").lower()


async def test_compared_runs_are_reported(home: Home, study: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tui.screens.task_screen.give_verb", lambda *_: "")
    async with app(home).run_test(size=SMALL, notifications=True) as pilot:
        await opened(pilot)
        pilot.app.push_screen(CompareScreen(home, ((2,), (3,))))
        await until(pilot, lambda: getattr(pilot.app.screen, "page", ""))
        await pilot.press("R")
        await on(pilot, TaskScreen)
        await until(pilot, lambda: "runs-2-3/report.html" in shown(pilot, "#task-says"))


async def test_a_run_s_data_are_shown_and_all_its_images_are_opened(home: Home, study: Store) -> None:
    class_folders(home.root / "pictures")
    change(study, 4, {"data": "pictures"})
    async with app(home).run_test(size=SMALL, notifications=True) as pilot:
        await on_run_4(pilot)
        await pilot.press("S")
        await on(pilot, DataScreen)
        await until(pilot, lambda: "usable" in shown(pilot, "#data-text"))
        assert "sizes" not in shown(pilot, "#data-text")
        assert "no image was opened" in shown(pilot, "#data-text")
        await pilot.press("c")
        await until(pilot, lambda: "16×16 (36)" in shown(pilot, "#data-text"))
        assert "no image was opened" not in shown(pilot, "#data-text")


async def test_a_done_run_is_extended(home: Home, study: Store) -> None:
    make_extendable(study, home, 4)
    async with app(home).run_test(size=SMALL, notifications=True) as pilot:
        await on_run_4(pilot)
        await pilot.press("E")
        await on(pilot, AskScreen)
        field = pilot.app.screen.query_one(Input)
        assert field.value == "12"
        for text in ("6", "many", "9" * 40, "-3", ""):
            field.value = text
            await pilot.press("enter")
            await until(pilot, lambda: "✖ type a number of epochs from 7" in shown(pilot, "#ask-keys"))
        field.value = "9"
        await pilot.press("enter")
        await until(
            pilot, lambda: "run 4: queued again, to train until epoch 9 (u undoes it)" in notified(pilot)
        )
    with study.read() as session:
        run = listing.get_run(session, 4)
    assert (run.status, run.epochs) == ("queued", 9)
