"""Choice of the charts of curves."""

from tui.preferences.state import Preferences
from tui.views.chart_choice import chart_words, hidden_text, shown_panels
from tui.views.compared import compare_panels
from tui.views.curves import ChartState, run_panels

RUN = run_panels()


def test_hidden_charts_are_left_out_and_names_that_are_none_say_nothing() -> None:
    shown = shown_panels(RUN, {"accuracy", "lr", "nll", "no such"})
    assert [panel.key for panel in shown] == [
        panel.key for panel in RUN if panel.key not in ("accuracy", "lr")
    ]
    assert len(shown) == len(RUN) - 2


def test_where_no_chart_is_left_all_are_shown() -> None:
    keys = {panel.key for panel in RUN}
    assert shown_panels(RUN, keys) == RUN
    assert [panel.key for panel in shown_panels(compare_panels(), keys)] == ["nll", "training"]


def test_the_list_has_the_charts_of_runs_and_of_compared_ones() -> None:
    words = chart_words()
    assert set(words) == {panel.key for panel in (*RUN, *compare_panels())}
    assert words["kappa"] == "quadratic kappa" and words["nll"] == "compared: NLL, test"


def test_what_is_hidden_is_kept_as_text() -> None:
    text = hidden_text({"lr", "nll", "no such"})
    assert text == "nll,lr" and Preferences(hidden_charts=text).charts_hidden == {"nll", "lr"}
    assert shown_panels(RUN, Preferences().charts_hidden) == RUN


def test_the_chosen_chart_stays_chosen_unless_it_is_hidden() -> None:
    state = ChartState(RUN, panel=3)
    assert state.showing(RUN[2:]).chosen is state.chosen
    assert state.showing(RUN[:2]).chosen is RUN[0]
