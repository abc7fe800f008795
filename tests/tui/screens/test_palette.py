"""Command palette: all commands of the screen with their keys, those that cannot be given with the reason."""

from typing import Any

import pytest
from pilots import SMALL, TALL, app, go_to, notified, on_run, opened, shown, statuses, table, until
from rich.cells import cell_len
from textual.pilot import Pilot
from textual.widgets import Input

from engine.files.paths import Home
from engine.store.database import Store
from tui import commands
from tui.preferences.key_bindings import keys_file
from tui.screens.full_screen import READ_ONLY, CommandScreen
from tui.screens.help import HelpScreen
from tui.screens.home import HomeScreen
from tui.screens.palette import KEYS, PaletteScreen
from tui.screens.run import NO_WAY_OUT
from tui.screens.text_prompt import AskScreen
from tui.widgets.palette_list import Entry, PaletteList, found

LONGEST = 45
"""Cells of a sentence: on the help page of 120 columns it stands in one line beside its key."""


def entries(pilot: Pilot[Any]) -> dict[str, Entry]:
    """Entries of the palette, by command."""
    return {each.id: each for each in pilot.app.screen.query_one(PaletteList)._all}


async def palette(pilot: Pilot[Any], typed: str = "") -> PaletteList:
    await pilot.press("ctrl+p")
    await until(pilot, lambda: pilot.app.screen.query(PaletteList))
    await pilot.press(*typed)
    return pilot.app.screen.query_one(PaletteList)


def test_each_command_has_a_sentence_that_stands_alone() -> None:
    for command in (each for entry in commands.TABLES for each in entry):
        words = command.help.split()
        assert len(words) > 2 and words[0][0].isupper() and not command.help.endswith("."), command.help
        assert cell_len(command.help) <= LONGEST, command.help
        assert not {"it", "its", "this"} & set(words[:2]), command.help


def test_no_two_commands_of_a_screen_have_one_sentence() -> None:
    for entry in commands.TABLES:
        assert len({command.help for command in entry}) == len(entry)


async def test_every_command_of_the_screen_is_listed_with_its_key(home: Home, study: Store) -> None:
    keys_file().parent.mkdir(parents=True)
    keys_file().write_text('new_run = "f5"\n')
    async with app(home).run_test(size=SMALL) as pilot:
        await opened(pilot)
        await palette(pilot)
        listed = entries(pilot)
        assert list(listed) == [command.id for command in commands.HOME]
        assert listed["new_run"].key == "f5" and listed["cancel_run"].key == "x"
        lines = str(pilot.app.screen.query_one(PaletteList).render()).splitlines()
        assert lines[0].split() == f"› enter {commands.HOME[0].help}".split()


async def test_letters_find_a_command_and_enter_gives_it(home: Home, study: Store) -> None:
    async with app(home).run_test(size=SMALL, notifications=True) as pilot:
        await opened(pilot)
        await go_to(pilot, 7)
        listed = await palette(pilot, "cancel")
        assert listed.chosen is not None and listed.chosen.id == "cancel_run"
        await pilot.press("enter")
        await until(pilot, lambda: statuses(study)[7] == "cancelled")
        await palette(pilot, "help")
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(pilot.app.screen, HelpScreen))
        await pilot.press("escape")
        await palette(pilot)
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(pilot.app.screen, HomeScreen))


async def test_a_burst_of_keys_goes_where_it_should(home: Home, study: Store) -> None:
    async with app(home).run_test(size=SMALL) as pilot:
        await opened(pilot)
        await palette(pilot, "note")
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(pilot.app.screen, AskScreen))


async def test_what_cannot_be_given_says_why_and_is_not_done(home: Home, study: Store) -> None:
    async with app(home).run_test(size=SMALL) as pilot:
        await opened(pilot)
        await go_to(pilot, 4)
        listed = await palette(pilot, "cancel")
        assert shown(pilot, "#palette-says") == "not now: run 4: ended already"
        assert "(run 4" in str(listed.render())
        await pilot.press("enter")
        await pilot.pause()
        assert isinstance(pilot.app.screen, PaletteScreen) and statuses(study)[4] == "done"
        await pilot.press("down", "up", *["backspace"] * 6)
        listed = pilot.app.screen.query_one(PaletteList)
        assert shown(pilot, "#palette-says") == KEYS and listed.chosen is not None
        blocked = {name for name, each in entries(pilot).items() if each.why_not}
        assert {"cancel_run", "pause", "move_up", "compare", "unfold", "start_worker"} <= blocked
        assert not {"open_run", "report", "remove", "note", "workers", "quit"} & blocked


async def test_the_reasons_follow_the_chosen_runs(home: Home, study: Store) -> None:
    async with app(home).run_test(size=SMALL) as pilot:
        await opened(pilot)
        await go_to(pilot, 4)
        await pilot.press("space", "space")
        await palette(pilot)
        assert not entries(pilot)["compare"].why_not
        assert entries(pilot)["cancel_run"].why_not.startswith("runs ")


async def test_in_an_empty_home_little_can_be_done(home: Home) -> None:
    async with app(home).run_test(size=SMALL) as pilot:
        await until(pilot, lambda: pilot.app.screen.query_one("#empty").display)
        await palette(pilot)
        blocked = {name for name, each in entries(pilot).items() if each.why_not}
        assert {"open_run", "mark", "report", "copy_id", "down"} <= blocked
        assert not {"new_run", "undo", "help", "theme"} & blocked


async def test_a_read_only_window_says_so_of_all_that_changes_something(home: Home, study: Store) -> None:
    async with app(home, readonly=True).run_test(size=SMALL) as pilot:
        await opened(pilot)
        await palette(pilot)
        of_table = {command.id: command for command in commands.HOME}
        for name, each in entries(pilot).items():
            assert of_table[name].looks or each.why_not == READ_ONLY, name


async def test_what_a_page_lacks_is_said_with_the_pages_that_have_it(home: Home, study: Store) -> None:
    async with app(home).run_test(size=SMALL) as pilot:
        await on_run(pilot)
        for page in "12345":
            await pilot.press(page)
            screen = pilot.app.screen
            assert isinstance(screen, CommandScreen)
            for command in screen.TABLE:
                assert screen.offers(command) is True or screen.why_not(command), command.id
        await palette(pilot)
        assert entries(pilot)["search"].why_not == "on page 3 log"
        assert entries(pilot)["curves_zoom_in"].why_not == "on pages 1 curves, 6 system"
        assert entries(pilot)["fix"].why_not == NO_WAY_OUT


async def test_a_dialog_has_no_palette_and_a_typed_filter_is_no_hindrance(home: Home, study: Store) -> None:
    async with app(home).run_test(size=SMALL) as pilot:
        await opened(pilot)
        await pilot.press("question_mark", "ctrl+p")
        await pilot.pause()
        assert isinstance(pilot.app.screen, HelpScreen)
        await pilot.press("escape", "slash", *"lr>0")
        await palette(pilot, "theme")
        before = pilot.app.theme
        await pilot.press("enter")
        await until(pilot, lambda: pilot.app.theme != before and "theme" in notified(pilot))
        assert pilot.app.screen.query_one("#filter", Input).value == "lr>0"


@pytest.mark.parametrize("size", [SMALL, TALL])
async def test_a_click_gives_a_command(home: Home, study: Store, size: tuple[int, int]) -> None:
    async with app(home).run_test(size=size) as pilot:
        await opened(pilot)
        before = table(pilot).table_query
        await palette(pilot, "sort")
        await pilot.click(PaletteList, offset=(3, 0))
        await until(pilot, lambda: isinstance(pilot.app.screen, HomeScreen))
        await until(pilot, lambda: table(pilot).table_query != before)


def test_among_equals_what_can_be_given_comes_first() -> None:
    blocked, free = Entry("a", "a", "pause", "Pause runs", "no"), Entry("b", "b", "pause", "Pause it", "")
    assert found([blocked, free], "pause") == [free, blocked] == found([blocked, free], "")
    assert found([blocked, free], "zebra") == []
