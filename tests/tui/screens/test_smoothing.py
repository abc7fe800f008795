"""Smoothing of curves: one for Home, runs and comparisons, kept for the next start."""

import json
from typing import Any

from pilots import SMALL, app, on_comparison, on_run, opened, shown, table, until
from textual.pilot import Pilot

from engine.files.paths import Home
from engine.store.database import Store
from tui.plots import Chart
from tui.preferences.state import APP, load_preferences, state_file
from tui.screens.home import HomeScreen
from tui.views.smoothing import SMOOTHING, smoothed
from tui.widgets.chart_plot import ChartPlot
from tui.widgets.curves_pane import CurvesPane


def home_chart(pilot: Pilot[Any]) -> Chart:
    chart = pilot.app.screen.query_one("#curve", ChartPlot).chart
    assert chart is not None
    return chart


def points(chart: Chart) -> dict[str, tuple[tuple[float, float], ...]]:
    return {line.name: line.points for line in chart.lines if not (line.faint or line.level)}


async def test_homes_curve_is_smoothed_by_the_keys_of_a_run_and_it_is_kept(home: Home, study: Store) -> None:
    async with app(home).run_test(size=SMALL, notifications=True) as pilot:
        await opened(pilot)
        while table(pilot).run_id != 4:
            await pilot.press("j")
        await until(pilot, lambda: "#4" in shown(pilot, "#title"))
        raw = points(home_chart(pilot))
        await pilot.press("plus", "plus")
        await until(pilot, lambda: any(line.faint for line in home_chart(pilot).lines))
        chart = home_chart(pilot)
        assert points(chart)["test"] == smoothed(raw["test"], SMOOTHING[2]) != raw["test"]
        assert [line.points for line in chart.lines if line.faint] == [raw["train"], raw["test"]]
        await pilot.resize_terminal(150, 40)
        await until(pilot, lambda: "smoothed&#160;0.8" in pilot.app.export_screenshot())
    assert load_preferences(home).smoothing == 2
    async with app(home).run_test(size=SMALL, notifications=True) as pilot:
        await on_run(pilot)
        assert "smoothed 0.8" in shown(pilot, "#curves-says")
        await pilot.press("minus")
        await until(pilot, lambda: "smoothed 0.5" in shown(pilot, "#curves-says"))
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(pilot.app.screen, HomeScreen))
        while table(pilot).run_id != 4:
            await pilot.press("j")
        await until(pilot, lambda: points(home_chart(pilot)).get("test") == smoothed(raw["test"], 0.5))
        await pilot.press("minus", "minus")
        await until(pilot, lambda: points(home_chart(pilot)).get("test") == raw["test"])
        assert "smoothed" not in pilot.app.export_screenshot()
    assert load_preferences(home).smoothing == 0


async def test_a_strength_that_does_not_exist_is_the_nearest(home: Home, study: Store) -> None:
    path = state_file(home, APP)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({"smoothing": 99}))
    async with app(home).run_test(size=SMALL, notifications=True) as pilot:
        await on_comparison(pilot, 3, 4)
        assert pilot.app.screen.query_one(CurvesPane).chart_state.smoothing == len(SMOOTHING) - 1
        await until(pilot, lambda: "smoothed 0.99" in shown(pilot, "#curves-says"))
