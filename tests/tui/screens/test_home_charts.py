"""Home shows any chart of the highlighted run, and keeps which."""

import contextlib
from typing import Any

import pytest
from pilots import SMALL, TALL, app, go_to, opened, shown, table, until
from studies import open_groups
from textual.pilot import Pilot

from engine.files.paths import Home
from engine.store import history
from engine.store.database import Store
from tui.plots import Chart
from tui.preferences.state import load_preferences
from tui.widgets.chart_plot import ChartPlot
from tui.widgets.detail import CurveLegend


def chart(pilot: Pilot[Any]) -> Chart:
    found = pilot.app.screen.query_one("#curve", ChartPlot).chart
    assert found is not None
    return found


def points(pilot: Pilot[Any], name: str) -> dict[float, float]:
    return next((dict(line.points) for line in chart(pilot).lines if line.name == name), {})


def losses(store: Store, run_id: int) -> dict[float, float]:
    with store.read() as session:
        rows = history.epochs_of(session, run_id)
        return {float(row.epoch): row.train_loss for row in rows if row.epoch and row.train_loss is not None}


@pytest.mark.parametrize("size", [SMALL, TALL])
async def test_a_key_shows_the_next_chart_with_the_pinned_run_and_it_is_kept(
    home: Home, study: Store, size: tuple[int, int]
) -> None:
    async with app(home).run_test(size=size) as pilot:
        await opened(pilot)
        await go_to(pilot, 4)
        await pilot.press("b")
        await go_to(pilot, 5)
        await until(pilot, lambda: "#5" in shown(pilot, "#title") and chart(pilot).title == "accuracy")
        await pilot.press("right_square_bracket")
        await until(
            pilot, lambda: chart(pilot).title == "loss" and any(line.dashed for line in chart(pilot).lines)
        )
        legend = str(pilot.app.screen.query_one(CurveLegend).render())
        assert legend.startswith("loss") and "╌ #4" in legend
        assert points(pilot, "train") == losses(study, 5)
        await go_to(pilot, 3)
        await until(pilot, lambda: "#3" in shown(pilot, "#title") and chart(pilot).title == "loss")
        await pilot.press("left_square_bracket")
        await until(pilot, lambda: chart(pilot).title == "accuracy")
        await pilot.press("left_square_bracket")  # round to the last
        await until(pilot, lambda: chart(pilot).title == "images/s")
        assert points(pilot, "images/s")
    assert load_preferences(home).chart == "speed"
    async with app(home).run_test(size=size) as pilot:
        await opened(pilot)
        await until(pilot, lambda: chart(pilot).title == "images/s")
        await pilot.press("right_square_bracket")
        await until(pilot, lambda: chart(pilot).title == "accuracy")


async def test_a_group_has_no_chart_but_that_of_accuracy(home: Home) -> None:
    with contextlib.closing(open_groups(home.root / "runs.db")):
        async with app(home).run_test(size=TALL) as pilot:
            await until(pilot, lambda: table(pilot).row_count == 8 and shown(pilot, "#title"))
            await pilot.press("right_square_bracket")
            await until(pilot, lambda: chart(pilot).title == "loss")
            await pilot.press("G", "enter")
            await until(pilot, lambda: table(pilot).group is not None)
            await until(pilot, lambda: " × " in shown(pilot, "#title") and chart(pilot).title == "accuracy")
