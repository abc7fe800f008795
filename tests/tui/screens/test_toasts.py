"""Notifications on the screen: one place, nothing that explains below it, 80 columns, and how long they stay."""

from typing import Any

import pytest
from pilots import SMALL, TALL, app, notified, opened, toasts, until
from textual.geometry import Region
from textual.pilot import Pilot

from engine.files.paths import Home
from engine.store.database import Store
from tui.preferences.key_bindings import keys_file
from tui.screens.help import HelpScreen
from tui.screens.home import HomeScreen
from tui.textual_internals import UNTIL_A_KEY_S, InternalsApp

LONG = f"first {' '.join(['words'] * 34)} ultimate"
EXPLAINS = "#dialog, #form, KeyFooter, #banner, #head, #run-head, #workers-head, #data-head, #images-head"
SCREENS: dict[str, tuple[str, ...]] = {
    "home": (),
    "help": ("question_mark",),
    "ask": ("N",),
    "confirm": ("D",),
    "columns": ("M",),
    "journal": ("i",),
    "palette": ("ctrl+p",),
    "form": ("n",),
    "list of a form": ("n", "tab"),
    "task": ("A",),
    "run": ("enter",),
    "workers": ("W",),
    "data": ("d",),
}


async def toast(pilot: Pilot[Any], text: str, severity: str = "information") -> Region:
    """The place of a new notification, once it is on the screen."""
    pilot.app.notify(text, severity=severity)  # type: ignore[arg-type]

    def shown() -> list[Region]:
        found = pilot.app.screen.query("Toast")
        return [each.region for each in found if each._notification.message == text and each.region.height]  # type: ignore[attr-defined]

    await until(pilot, shown)
    return shown()[0]


@pytest.mark.parametrize("size", [SMALL, TALL])
async def test_none_lies_over_what_explains(
    home: Home, study: Store, monkeypatch: pytest.MonkeyPatch, size: tuple[int, int]
) -> None:
    monkeypatch.setattr("tui.screens.task_screen.give_verb", lambda *_: "")
    async with app(home).run_test(size=size, notifications=True) as pilot:
        await opened(pilot)
        bottoms = set()
        for name, keys in SCREENS.items():
            await pilot.press(*keys)
            await until(pilot, lambda keys=keys: not keys or not isinstance(pilot.app.screen, HomeScreen))
            place = await toast(pilot, f"{name} {LONG}")
            explained = [each for each in pilot.app.screen.query(EXPLAINS) if each.region.height]
            assert explained, name
            over = [each for each in explained if each.region.intersection(place).area]
            assert over == [], (name, place, [each.region for each in over])
            assert place.x == 0 and place.right == size[0] and place.bottom <= size[1], name
            bottoms.add(place.bottom)
            while not isinstance(pilot.app.screen, HomeScreen):
                await pilot.press("escape")
                await pilot.pause()
        assert bottoms == {size[1] - 1, size[1]}  # above the footer, or below a dialog


async def test_a_new_one_replaces_the_one_before(home: Home, study: Store) -> None:
    async with app(home).run_test(size=SMALL, notifications=True) as pilot:
        await opened(pilot)
        first = await toast(pilot, "first", "error")
        second = await toast(pilot, "other", "error")
        await until(pilot, lambda: len(pilot.app.screen.query("Toast")) == 1)
        assert toasts(pilot) == ["other"] and first == second


async def test_a_long_one_is_read_whole_at_80_columns(home: Home, study: Store) -> None:
    async with app(home).run_test(size=SMALL, notifications=True) as pilot:
        await opened(pilot)
        place = await toast(pilot, LONG)
        assert 1 < place.height <= 4 and place.width <= 80
        await until(pilot, lambda: "first words" in drawn(pilot) and "ultimate" in drawn(pilot))
        await pilot.press("question_mark")
        await until(pilot, lambda: isinstance(pilot.app.screen, HelpScreen))
        place = await toast(pilot, f"again {LONG}")
        assert place.height == 1 and "…" in drawn(pilot)
        await until(pilot, lambda: "again first" in drawn(pilot) and "ultimate" not in drawn(pilot))
        await pilot.press("escape")
        await until(pilot, lambda: "again first" in drawn(pilot) and "ultimate" in drawn(pilot))


def drawn(pilot: Pilot[Any]) -> str:
    """All characters on the screen."""
    return "".join(
        "".join(segment.text for segment in strip)
        for strip in pilot.app.screen._compositor.render_strips(pilot.app.size)
    )


async def test_an_error_stays_until_a_key_and_no_key_is_too_quick(
    home: Home, study: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(InternalsApp, "read_after_s", 1_000.0)
    async with app(home).run_test(size=SMALL, notifications=True) as pilot:
        await opened(pilot)
        await toast(pilot, "gone wrong", "error")
        (shown,) = pilot.app._notifications
        assert shown.timeout == UNTIL_A_KEY_S
        await pilot.press("j")
        assert toasts(pilot) == ["gone wrong"]
        monkeypatch.setattr(InternalsApp, "read_after_s", 0.0)
        await pilot.press("k")
        await until(pilot, lambda: not pilot.app.screen.query("Toast"))
        await toast(pilot, "fine")
        await pilot.press("j")
        assert toasts(pilot) == ["fine"]


async def test_what_is_wrong_with_the_keys_is_told_in_one(home: Home, study: Store) -> None:
    keys_file().parent.mkdir(parents=True)
    keys_file().write_text('nothing = "x"\nneither = "y"\n')
    async with app(home, notice="drawn with ASCII").run_test(size=SMALL, notifications=True) as pilot:
        await opened(pilot)
        (told,) = notified(pilot).splitlines()
        assert all(part in told for part in ("nothing", "neither", "drawn with ASCII"))
