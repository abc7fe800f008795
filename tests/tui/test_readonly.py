"""Read-only windows: each command either changes nothing that others see, or is refused in one line."""

import importlib
import pkgutil
import sqlite3
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any

import pytest
from pilots import SMALL, app, go_to, notified, opened, until
from textual.binding import Binding
from textual.pilot import Pilot
from textual.screen import Screen
from textual.widgets import Input

import tui.screens
from engine.files.paths import Home
from engine.hardware import worker_start
from engine.store.database import Store
from tui import commands
from tui.app import READONLY, READONLY_SERVED
from tui.commands import Command
from tui.preferences.state import load_preferences
from tui.screens import workers
from tui.screens.compare import CompareScreen
from tui.screens.full_screen import CommandScreen
from tui.screens.home import HomeScreen
from tui.screens.new_run import NewRunScreen
from tui.verbs import turn_queue

OF_COMMANDS_THAT_CHANGE = {"ConfirmScreen", "NewRunScreen", "OfferScreen", "TaskScreen"}
"""Dialogs that only such commands open."""
OF_ANY_COMMAND = {
    "AskScreen",
    "ChartsScreen",
    "ColumnsScreen",
    "GroupsScreen",
    "NarrowingScreen",
    "Question",
    "HelpScreen",
    "JournalScreen",
    "PaletteScreen",
}
"""Dialogs that hand what they are told to the command that opened them, or show something."""


def written(home: Home) -> tuple[list[str], list[tuple[Path, bytes]]]:
    """All that the run table and the files of the home hold."""
    with sqlite3.connect(home.root / "runs.db") as table:
        rows = list(table.iterdump())
    kept = (path for path in sorted(home.root.parent.rglob("*")) if path.is_file())
    return rows, [(path, path.read_bytes()) for path in kept if not path.name.startswith("runs.db")]


async def close_dialogs(pilot: Pilot[Any], screen: Screen[Any]) -> None:
    await pilot.pause()
    while pilot.app.screen is not screen:
        await until(
            pilot, lambda: getattr(pilot.app.screen, "page", "none")
        )  # else it would mount after its end
        await pilot.app.pop_screen()
    if isinstance(screen.focused, Input):  # of the filter: its keys are no commands
        await pilot.press("escape")


async def give_all(pilot: Pilot[Any], *, but: Collection[str] = ("leave", "quit")) -> None:
    """Give each command of the present screen, and close what it opens."""
    screen = pilot.app.screen
    assert isinstance(screen, CommandScreen)
    for command in screen.TABLE:
        before = notified(pilot).count("read-only")
        if command.id in but or screen.offers(command) is not True:
            continue
        await screen.run_action(command.action)
        await close_dialogs(pilot, screen)
        refused = notified(pilot).count("read-only") - before
        assert refused == (0 if command.looks else 1), command.id


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Names of all that was started or signalled."""
    found: list[str] = []
    monkeypatch.setattr(worker_start, "start_worker", lambda *_, **__: found.append("worker"))
    monkeypatch.setattr(workers, "stop", lambda *_: found.append("stop"))
    monkeypatch.setattr(workers, "drain", lambda *_: found.append("drain"))
    return found


async def test_no_command_of_any_screen_changes_anything(
    home: Home, study: Store, started: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(home.root.parent / "state"))
    study.close()
    before = written(home)
    async with app(home, readonly=True, served=True).run_test(size=SMALL, notifications=True) as pilot:
        await opened(pilot)
        await go_to(pilot, 7)
        await give_all(pilot)
        await pilot.press("W")
        await until(pilot, lambda: pilot.app.screen.TABLE is commands.WORKERS)  # type: ignore[attr-defined]
        await give_all(pilot, but={"leave", "open_run"})
        await pilot.press("escape", "d")
        await until(pilot, lambda: pilot.app.screen.TABLE is commands.DATA)  # type: ignore[attr-defined]
        await give_all(pilot)
        await pilot.press("escape")
        await go_to(pilot, 1)
        await pilot.press("enter")
        await until(pilot, lambda: pilot.app.screen.TABLE is commands.RUN)  # type: ignore[attr-defined]
        for page in "12345":
            await pilot.press(page)
            await give_all(pilot, but={"leave", *(each.id for each in commands.RUN if each.keys in "12345")})
        await pilot.press("escape")
        pilot.app.push_screen(CompareScreen(home, ((1,), (2,))))
        await until(pilot, lambda: getattr(pilot.app.screen, "page", ""))
        await give_all(pilot)
        await pilot.press("escape", "q")
        assert {line for line in notified(pilot).splitlines() if "read-only" in line} == {READONLY_SERVED}
    assert started == [] and written(home) == before


async def test_a_guest_s_theme_lasts_as_long_as_the_window(
    home: Home, study: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(home.root.parent / "state"))
    before = load_preferences(home)
    async with app(home, readonly=True, served=True).run_test(size=SMALL) as pilot:
        await opened(pilot)
        await pilot.press("T")
        await until(pilot, lambda: pilot.app.theme != before.theme)
    assert load_preferences(home) == before
    async with app(home, served=True).run_test(size=SMALL) as pilot:
        await opened(pilot)
        await pilot.press("T")
        await until(pilot, lambda: pilot.app.theme != before.theme)
    assert load_preferences(home).theme != before.theme


async def test_a_new_command_is_refused_until_it_is_said_that_it_only_looks(
    home: Home, study: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    done: list[str] = []
    new = Command("new", "f7", "new", "a new command")
    handlers = HomeScreen.handlers
    monkeypatch.setattr(HomeScreen, "TABLE", (*commands.HOME, new))
    monkeypatch.setattr(
        HomeScreen, "handlers", lambda screen: {**handlers(screen), "new": lambda: done.append("new")}
    )
    async with app(home, readonly=True).run_test(size=SMALL, notifications=True) as pilot:
        await opened(pilot)
        await pilot.app.screen.run_action(new.action)
        assert READONLY in notified(pilot) and done == []
    async with app(home).run_test(size=SMALL, notifications=True) as pilot:
        await opened(pilot)
        await pilot.app.screen.run_action(new.action)
        assert "read-only" not in notified(pilot) and done == ["new"]


async def test_what_gets_past_the_commands_edits_nothing(home: Home, study: Store) -> None:
    before = written(home)[0]
    async with app(home, readonly=True).run_test(size=SMALL, notifications=True) as pilot:
        await opened(pilot)
        pilot.app.edits.submit(turn_queue)  # type: ignore[attr-defined]
        pilot.app.push_screen(NewRunScreen(home, {"data": "digits"}))
        await until(pilot, lambda: isinstance(pilot.app.screen, NewRunScreen))
        await pilot.press("enter")
        await until(pilot, lambda: notified(pilot).count("read-only") == 2)
    assert written(home)[0] == before


def subclasses(kind: type) -> Iterator[type]:
    for each in kind.__subclasses__():
        yield each
        yield from subclasses(each)


def test_all_other_keys_are_those_of_dialogs() -> None:
    """A screen whose keys are no commands is looked at here: does only a command that changes something open it?"""
    for module in pkgutil.iter_modules(tui.screens.__path__):
        importlib.import_module(f"tui.screens.{module.name}")
    of_tui = {each for each in subclasses(Screen) if each.__module__.startswith("tui.")}
    for screen in of_tui:
        if issubclass(screen, CommandScreen):
            own = (each for each in screen.__dict__.get("BINDINGS", ()) if isinstance(each, Binding))
            assert all(each.action.startswith("command(") for each in own), screen
    others = {each.__name__ for each in of_tui if not issubclass(each, CommandScreen)}
    assert others - {"CoverableScreen", "Dialog", "OpeningScreen"} == OF_COMMANDS_THAT_CHANGE | OF_ANY_COMMAND
