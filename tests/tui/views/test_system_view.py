"""Use of devices over a run as charts."""

from engine.hardware.system_history import QUANTITIES, Series
from engine.store.system_use import AttemptUse
from tui.plots.axes import TIME
from tui.views.curves import ChartState, chart_of
from tui.views.system_view import known_panels, system_panels, system_view


def use(attempt: int, seconds: float, width_s: float = 1.0, **columns: list[float | None]) -> AttemptUse:
    return AttemptUse(attempt, seconds, Series(width_s, columns))


def test_attempts_follow_each_other_and_gaps_have_no_points() -> None:
    view = system_view(
        [use(1, 3.0, cpu_percent=[1, None, 3]), use(3, 7.5, 4.0, cpu_percent=[4, 5], images_per_s=[None, 9])]
    )
    assert view.points == {
        "cpu_percent": ((0.5, 1), (2.5, 3), (5.0, 4), (9.0, 5)),
        "images_per_s": ((9.0, 9),),
    }
    assert (view.seconds, view.last_epoch, view.caption) == (10.5, 11, "2 attempts, one after the other")
    assert system_view([use(1, 3.2, 4.0, cpu_percent=[1])]).points["cpu_percent"] == ((2.0, 1),)
    assert system_view([use(1, 1.0, 4.0, cpu_percent=[1])]).points["cpu_percent"] == ((1.0, 1),), (
        "not past its end"
    )


def test_each_quantity_has_a_chart_where_it_is_known() -> None:
    panels = system_panels()
    assert len(panels) == len(QUANTITIES)
    on_cpu = system_view([use(1, 2.0, cpu_percent=[50, 60], data_wait_share=[0.1, None])])
    known = known_panels(on_cpu, panels)
    assert [panel.title for panel in known] == ["CPU use %", "data wait"]
    chart = chart_of(on_cpu, ChartState(known, axis=TIME), known[0])
    assert chart.lines[0].points == ((0.5, 50), (1.5, 60)), "seconds are not moved"
    assert chart.covers == (0, 100) and chart.axis == TIME and chart.last == 2
    assert known_panels(system_view([]), panels) == () and system_view([]).caption == ""
