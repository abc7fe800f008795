"""Choice of the charts on a run's and on compared curves."""

import json
from typing import Any

from pilots import SMALL, TALL, app, notified, on_comparison, on_run, opened, shown, until
from textual.pilot import Pilot
from textual.widgets import OptionList

from engine.files.paths import Home
from engine.store.database import Store
from tui.preferences.state import APP, load_preferences, state_file
from tui.screens.choose_charts import NONE_HERE, ONE_STAYS, ChartsScreen
from tui.widgets.chart_box import ChartBox
from tui.widgets.chart_plot import ChartPlot
from tui.widgets.curves_pane import CurvesPane


def seen(pilot: Pilot[Any]) -> list[str]:
    """The charts that the page of curves shows; none below a dialog."""
    panes = pilot.app.screen.query(CurvesPane)
    return [box.panel.key for pane in panes for box in pane.query(ChartBox) if box.display]


def curves(pilot: Pilot[Any]) -> CurvesPane:
    return pilot.app.screen.query_one(CurvesPane)


def width(pilot: Pilot[Any], key: str) -> int:
    return curves(pilot).query_one(f"#chart-{key}").size.width


def listed(pilot: Pilot[Any]) -> list[str]:
    return [str(option.prompt) for option in pilot.app.screen.query_one(OptionList).options]


async def test_only_the_charts_that_fit_what_is_typed_are_shown_and_compared_runs_have_the_same(
    home: Home, study: Store
) -> None:
    async with app(home).run_test(size=TALL, notifications=True) as pilot:
        await on_run(pilot)
        await until(pilot, lambda: len(seen(pilot)) == 9)
        assert "hidden" not in shown(pilot, "#curves-says")
        await pilot.press("M", *"acc|auc", "enter")
        await until(pilot, lambda: seen(pilot) == ["accuracy", "balanced", "auc"])
        assert shown(pilot, "#curves-says") == "6 charts hidden"
        await until(pilot, lambda: width(pilot, "accuracy") == 118)  # they fill the room
        assert width(pilot, "balanced") == width(pilot, "auc") == 58
        for key in ("balanced", "auc", "accuracy"):
            await pilot.press("right_square_bracket")
            assert curves(pilot).chart_state.chosen.key == key
        await pilot.press("escape")
        await on_comparison(pilot, 3, 4)
        await until(pilot, lambda: seen(pilot) == ["accuracy", "training", "balanced", "auc"])
        assert shown(pilot, "#curves-says") == "5 charts hidden"
        await pilot.press("M", *"nll", "space", "escape")
        await until(pilot, lambda: "nll" in seen(pilot) and len(seen(pilot)) == 5)
    assert load_preferences(home).hidden_charts == "loss,kappa,mcc,cohen_kappa,lr,speed"
    async with app(home).run_test(size=SMALL, notifications=True) as pilot:
        await on_run(pilot)
        assert seen(pilot) and "6 charts hidden" in shown(pilot, "#curves-says")
        await pilot.press("M", "enter")  # nothing typed leaves all
        await until(pilot, lambda: shown(pilot, "#curves-says") == "1 of 9")
    assert load_preferences(home).hidden_charts == ""


async def test_space_and_a_click_change_one_and_one_chart_stays(home: Home, study: Store) -> None:
    async with app(home).run_test(size=SMALL, notifications=True) as pilot:
        await on_run(pilot)
        await pilot.press("right_square_bracket", "M", *"loss", "space")
        assert listed(pilot)[0].startswith("– loss"), listed(pilot)
        await pilot.press("escape")
        await until(pilot, lambda: seen(pilot) == ["accuracy"])  # in the place of the chosen one
        assert shown(pilot, "#curves-says") == "1 of 8   1 chart hidden"
        await pilot.press("M")
        await until(pilot, lambda: isinstance(pilot.app.screen, ChartsScreen) and listed(pilot))
        assert await pilot.click(OptionList, offset=(4, 1))
        await until(pilot, lambda: listed(pilot)[1].startswith("x loss"))
        await pilot.press("escape")
        await until(pilot, lambda: shown(pilot, "#curves-says") == "1 of 9")
        await pilot.press("M", *"images/s", "enter")
        await until(pilot, lambda: seen(pilot) == ["speed"])
        await pilot.press("M", *"images/s", "space")
        await until(pilot, lambda: ONE_STAYS in notified(pilot))
        assert listed(pilot)[0].startswith("x speed")
        await pilot.press(*["backspace"] * 8, *"nll", "enter")  # which only compared runs have
        await until(pilot, lambda: NONE_HERE in notified(pilot))
        assert isinstance(pilot.app.screen, ChartsScreen)
        await pilot.press(*["backspace"] * 3, *"no such", "enter", "escape")
        await until(pilot, lambda: seen(pilot) == ["speed"])


async def test_a_choice_of_other_charts_hides_none_here_and_home_has_all(home: Home, study: Store) -> None:
    path = state_file(home, APP)
    path.parent.mkdir(parents=True, exist_ok=True)
    hidden = "accuracy,loss,balanced,kappa,auc,mcc,cohen_kappa,lr,speed,no_such_chart"
    path.write_text(json.dumps({"hidden_charts": hidden}))
    async with app(home).run_test(size=TALL, notifications=True) as pilot:
        await opened(pilot)
        await pilot.press("right_square_bracket")
        plot = pilot.app.screen.query_one("#curve", ChartPlot)
        await until(pilot, lambda: plot.chart is not None and plot.chart.title == "loss")
        await on_comparison(pilot, 3, 4)
        await until(pilot, lambda: seen(pilot) == ["nll", "training"])
        await pilot.press("escape")
        await on_run(pilot)
        await until(pilot, lambda: len(seen(pilot)) == 9)
        assert "hidden" not in shown(pilot, "#curves-says")
