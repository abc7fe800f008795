"""The border between Home's table and the detail: dragged, moved by keys, kept, and put back."""

from typing import Any

import pytest
from pilots import SMALL, TALL, app, opened, until
from textual.geometry import Region
from textual.pilot import Pilot

from engine.files.paths import Home
from engine.store.database import Store
from tui.preferences.state import load_preferences
from tui.widgets.detail import DetailPane
from tui.widgets.split_body import SplitBody


def panes(pilot: Pilot[Any]) -> tuple[Region, Region]:
    screen = pilot.app.screen
    return screen.query_one("#left").region, screen.query_one(DetailPane).region


async def drag(pilot: Pilot[Any], start: tuple[int, int], end: tuple[int, int]) -> None:
    await pilot.mouse_down(offset=start)
    await pilot.hover(offset=end)
    await pilot.mouse_up(offset=end)
    await pilot.pause()


async def test_the_border_is_dragged_kept_and_put_back_by_two_clicks(home: Home, study: Store) -> None:
    async with app(home).run_test(size=TALL) as pilot:
        await opened(pilot)
        usual = panes(pilot)
        assert usual[0].right == usual[1].x == 77
        await pilot.hover(offset=(78, 20))
        await until(pilot, lambda: pilot.app.screen.query_one(SplitBody).has_class("-grip"))
        await drag(pilot, (78, 20), (58, 25))
        await until(pilot, lambda: panes(pilot)[1].x == 57)
        assert panes(pilot)[0].right == 57 and panes(pilot)[1].right == TALL[0]
        assert not pilot.app.screen.get_selected_text()
        await drag(pilot, (57, 20), (118, 20))  # no pane gets too narrow to be read
        await until(pilot, lambda: panes(pilot)[1].width == 36)
        await drag(pilot, (84, 20), (2, 20))
        await until(pilot, lambda: panes(pilot)[0].width == 40)
        await drag(pilot, (40, 20), (60, 20))
        await until(pilot, lambda: panes(pilot)[1].x == 60)
    assert load_preferences(home).table_width == 500 and load_preferences(home).table_height == 0
    async with app(home).run_test(size=TALL) as pilot:
        await opened(pilot)
        await until(pilot, lambda: panes(pilot)[1].x == 60)
        await pilot.resize_terminal(200, 60)  # a share, not so many columns
        await until(pilot, lambda: panes(pilot)[1].x == 100)
        await pilot.resize_terminal(*SMALL)  # where the detail is below, the border is another one
        await until(pilot, lambda: panes(pilot)[0].width == panes(pilot)[1].width == 80)
        assert panes(pilot)[1].height == 15
        await pilot.resize_terminal(*TALL)
        await until(pilot, lambda: panes(pilot)[1].x == 60)
        await pilot.click(offset=(60, 20), times=2)
        await until(pilot, lambda: panes(pilot) == usual)
    assert load_preferences(home).table_width == 0


async def test_above_the_detail_its_title_is_the_border(home: Home, study: Store) -> None:
    async with app(home).run_test(size=SMALL) as pilot:
        await opened(pilot)
        usual = panes(pilot)
        top = usual[1].y
        await drag(pilot, (10, top), (12, top + 3))
        await until(pilot, lambda: panes(pilot)[1].y == top + 3)
        assert panes(pilot)[0].bottom == top + 3 and not pilot.app.screen.get_selected_text()
        await drag(pilot, (10, top + 3), (12, 22))
        await until(pilot, lambda: panes(pilot)[1].height == 9)
        await pilot.press("0")
        await until(pilot, lambda: panes(pilot) == usual)


@pytest.mark.parametrize(("size", "step"), [(TALL, 4), (SMALL, 2)])
async def test_keys_move_the_border(home: Home, study: Store, size: tuple[int, int], step: int) -> None:
    async with app(home).run_test(size=size) as pilot:
        await opened(pilot)
        place = (lambda: panes(pilot)[1].x) if size == TALL else (lambda: panes(pilot)[1].y)
        usual = place()
        await pilot.press("L")
        await until(pilot, lambda: place() == usual + step)
        await pilot.press("ctrl+left", "H")
        await until(pilot, lambda: place() == usual - step)
        await pilot.press(*["H"] * 30, "L")  # past the end no key is lost
        least = 40 if size == TALL else 1 + 4
        await until(pilot, lambda: place() == least + step)
        await pilot.press("z")
        await until(pilot, lambda: not pilot.app.screen.query_one(DetailPane).display)
        await pilot.press("L", "z")  # there is no border to move
        await until(pilot, lambda: place() == least + step)
        await pilot.press("0")
        await until(pilot, lambda: place() == usual)
