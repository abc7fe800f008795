"""The line of keys: what a click on it does, and when it is drawn anew."""

from pilots import SMALL, app, go_to, opened, until

from engine.files.paths import Home
from engine.store.database import Store
from tui.screens.error_screen import BrokenScreen
from tui.screens.help import HelpScreen
from tui.widgets.key_footer import KeyFooter


async def test_a_click_presses_the_key(home: Home, study: Store) -> None:
    async with app(home).run_test(size=SMALL) as pilot:
        await opened(pilot)
        line = pilot.app.screen.query_one(KeyFooter)
        await until(pilot, lambda: "help" in str(line.render()))
        assert await pilot.click(KeyFooter, offset=(str(line.render()).index("help"), 0))
        await until(pilot, lambda: isinstance(pilot.app.screen, HelpScreen))


async def test_keys_that_change_while_another_window_is_in_front_are_shown(home: Home, study: Store) -> None:
    async with app(home).run_test(size=SMALL) as pilot:
        await opened(pilot)
        pilot.app.app_focus = False
        await pilot.app.push_screen(BrokenScreen(ValueError("no such thing")))
        await until(pilot, lambda: "restart" in str(pilot.app.screen.query_one(KeyFooter).render()))


async def test_keys_that_stay_the_same_are_not_drawn_anew(home: Home, study: Store) -> None:
    async with app(home).run_test(size=SMALL) as pilot:
        await opened(pilot)
        line = pilot.app.screen.query_one(KeyFooter)
        await until(pilot, lambda: "help" in str(line.render()))
        drawn: list[object] = []
        line.watch(line, "keys", lambda keys: drawn.append(keys), init=False)
        pilot.app.screen.refresh_bindings()
        await pilot.press("j")
        await pilot.pause()
        assert not drawn
        await pilot.press("slash")
        await until(pilot, lambda: drawn)


async def test_home_names_the_keys_that_do_something_with_the_chosen_runs(home: Home, study: Store) -> None:
    async with app(home).run_test(size=SMALL) as pilot:
        await opened(pilot)  # on run 5, which is running
        line = pilot.app.screen.query_one(KeyFooter)

        def named() -> list[str]:
            return [does for _, _, does, _ in line.keys]

        await until(pilot, lambda: named() == ["open", "new", "mark", "cancel", "filter", "help", "quit"])
        await go_to(pilot, 6)  # failed
        assert {"retry", "clone"} <= set(named()) and "cancel" not in named()
        await go_to(pilot, 3)  # collapsed
        assert {"fix", "clone", "report"} <= set(named()) and not {"retry", "compare"} & set(named())
        await pilot.press("space", "space")
        await until(pilot, lambda: "compare" in named())
        assert len(str(line.render())) <= SMALL[0]
