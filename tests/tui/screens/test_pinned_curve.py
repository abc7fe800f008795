"""The pinned run's curve behind those of others, on Home and on a run's charts."""

from typing import Any

from pilots import SMALL, TALL, app, go_to, opened, shown, until
from studies import STEPS
from textual.pilot import Pilot

from engine.files.paths import Home
from engine.store import history
from engine.store.database import Store
from tui.plots import Line
from tui.preferences.state import load_preferences
from tui.screens.run import RunScreen
from tui.widgets.chart_plot import ChartPlot
from tui.widgets.curves_pane import CurvesPane
from tui.widgets.detail import CurveLegend


def dashed(pilot: Pilot[Any], selector: str = "#curve") -> list[Line]:
    chart = pilot.app.screen.query_one(selector, ChartPlot).chart
    return [line for line in chart.lines if line.dashed] if chart is not None else []


def legend(pilot: Pilot[Any]) -> str:
    return str(pilot.app.screen.query_one(CurveLegend).render())


def measured(store: Store, run_id: int) -> tuple[tuple[float, float | None], ...]:
    with store.read() as session:
        return tuple(
            (float(row.epoch), row.test) for row in history.accuracies_of(session, [run_id]) if row.epoch
        )


async def test_homes_curve_stands_before_that_of_the_run_that_was_pinned_last(
    home: Home, study: Store
) -> None:
    async with app(home).run_test(size=TALL) as pilot:
        await opened(pilot)
        await go_to(pilot, 3)
        await pilot.press("b")
        await go_to(pilot, 4)
        await pilot.press("b")
        await until(pilot, lambda: [line.name for line in dashed(pilot)] == ["#3"])  # never of the run itself
        await go_to(pilot, 5)
        await until(pilot, lambda: "#5" in shown(pilot, "#title") and dashed(pilot))
        (line,) = dashed(pilot)
        assert line.name == "#4" and line.points == measured(study, 4)
        assert f"╌ #4 {line.points[-1][1]:.4f}".replace(" 0.", " .") in legend(pilot)
        await pilot.press("plus")  # smoothed, it still is one line
        await until(pilot, lambda: dashed(pilot)[0].points != line.points)
        assert len(dashed(pilot)) == 1
        await pilot.press("minus")
        await go_to(pilot, 2)  # fundus-balanced: other test images
        await until(pilot, lambda: "#2" in shown(pilot, "#title") and not dashed(pilot))
        assert "#4 other data" in legend(pilot)
    assert load_preferences(home).pins == (3, 4)
    async with app(home).run_test(size=SMALL) as pilot:
        await opened(pilot)
        await until(
            pilot, lambda: "#4" in shown(pilot, "#title") and [line.name for line in dashed(pilot)] == ["#3"]
        )
        await until(pilot, lambda: "╌ #3" in legend(pilot))
        assert len(legend(pilot)) <= pilot.app.screen.query_one(CurveLegend).size.width
        await pilot.press("b", "j", "b")  # no longer
        await until(pilot, lambda: not dashed(pilot) and "╌" not in legend(pilot))


async def test_a_runs_charts_show_the_pinned_runs_main_metric(home: Home, study: Store) -> None:
    async with app(home).run_test(size=SMALL) as pilot:
        await opened(pilot)
        await go_to(pilot, 4)
        await pilot.press("b")
        await go_to(pilot, 5)
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(pilot.app.screen, RunScreen) and shown(pilot, "#run-head"))
        await until(pilot, lambda: dashed(pilot, "#chart-accuracy ChartPlot"))
        (line,) = dashed(pilot, "#chart-accuracy ChartPlot")
        pane = pilot.app.screen.query_one(CurvesPane)
        says = str(pane.query_one("#chart-accuracy .chart-title").content)
        assert "━ test ." in says.split("╌")[0]  # beside the run's own
        assert f"  ╌ #4 {line.points[-1][1]:.4f}  ".replace(" 0.", " .") in says
        await pilot.press("left", "left")  # the cursor reads it too, at the run's own epochs
        at = pane.chart_state.cursor
        assert at is not None and at < 3
        read = f"{dict(line.points)[at]:.4f}".removeprefix("0")
        await until(
            pilot, lambda: f"╌ #4 {read}" in str(pane.query_one("#chart-accuracy .chart-title").content)
        )
        await pilot.press("a")  # by steps, each at its own pace
        await until(pilot, lambda: dashed(pilot, "#chart-accuracy ChartPlot")[0].points[0][0] == STEPS)


async def test_a_pinned_run_of_other_data_is_named_below_the_charts(home: Home, study: Store) -> None:
    async with app(home).run_test(size=SMALL) as pilot:
        await opened(pilot)
        await go_to(pilot, 2)
        await pilot.press("b")
        await go_to(pilot, 5)
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(pilot.app.screen, RunScreen) and shown(pilot, "#run-head"))
        await until(pilot, lambda: "pinned #2: other data" in shown(pilot, "#curves-says"))
        assert not dashed(pilot, "#chart-accuracy ChartPlot")
