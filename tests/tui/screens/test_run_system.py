"""The page of a run with the use of its device."""

from pilots import SMALL, TALL, app, on_run, shown, until

from engine.files.paths import Home
from engine.hardware.system_history import QUANTITIES, Series
from engine.store.claims import Claim
from engine.store.database import Store
from engine.store.system_use import record_use
from tui.widgets.chart_box import ChartBox
from tui.widgets.system_pane import NOTHING, SystemPane

ON_CPU = ("cpu_percent", "memory_gb", "images_per_s", "data_wait_share")


def series(*keys: str, points: int = 60) -> Series:
    return Series(1.0, {key: [float(number % 7) / 7 for number in range(points)] for key in keys})


def titles(pane: SystemPane) -> list[str]:
    return [box.panel.title for box in pane.query(ChartBox) if box.display]


async def test_what_is_known_is_drawn_and_grows(home: Home, study: Store) -> None:
    async with app(home).run_test(size=SMALL) as pilot:
        await on_run(pilot)
        await pilot.press("6")
        pane = pilot.app.screen.query_one(SystemPane)
        await until(pilot, lambda: str(pane.query_one("#curves-says").content) == NOTHING)  # type: ignore[attr-defined]
        record_use(study, Claim(5, 1), 60.0, series(*ON_CPU))
        await until(pilot, lambda: titles(pane) == ["CPU use %", "host memory GiB", "images/s", "data wait"])
        await pilot.press("right_square_bracket", "left")
        title = pane.query_one("#chart-use-memory_gb").query_one(".chart-title")
        assert "time 5" in str(title.content)  # type: ignore[attr-defined]
        await pilot.press("enter")
        assert titles(pane) == ["host memory GiB"]
        record_use(study, Claim(5, 1), 61.0, series(*(each.key for each in QUANTITIES)))
        await until(pilot, lambda: len(pane.chart_state.panels) == len(QUANTITIES))
        assert titles(pane) == ["host memory GiB"], "the chosen one stays"
        await pilot.resize_terminal(*TALL)
        await pilot.press("enter")
        await until(pilot, lambda: len(titles(pane)) == len(QUANTITIES))


async def test_no_key_of_other_charts_is_offered_that_it_has_not(home: Home, study: Store) -> None:
    record_use(study, Claim(5, 1), 60.0, series(*ON_CPU))
    async with app(home).run_test(size=SMALL) as pilot:
        await on_run(pilot)
        await pilot.press("6", "a")
        pane = pilot.app.screen.query_one(SystemPane)
        await until(pilot, lambda: titles(pane))
        await pilot.press("z", "plus", "y")
        says = str(pane.query_one("#curves-says").content)  # type: ignore[attr-defined]
        assert says.startswith("smoothed 0.5   logarithmic   times ")
        assert shown(pilot, "#run-head").startswith("#5")
