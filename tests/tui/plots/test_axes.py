"""Axes of line charts: zoomed to the curves, with the baseline named at its line or at the edge."""

import math
import re
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from tui.detail_view import Curve
from tui.plots import INK, Chart, Line, Plot, draw_chart
from tui.plots.axes import EPOCH, LEAST_SHARE, NEAR, STEP, TIME, x_shown, x_ticks, y_range, y_ticks
from tui.views.accuracy_chart import accuracy_chart, epoch_range

SHARES = st.lists(st.floats(0.0, 1.0), min_size=1, max_size=30)


def drawn(chart: Chart, width: int = 60, height: int = 12) -> tuple[list[str], str]:
    """The canvas as plain lines, and with its colours."""
    plot = Plot()
    plot.plotsize(width, height)
    plot._set_size(width, height)
    draw_chart(plot, chart, width, height)
    coloured = plot.build()
    return re.sub(r"\x1b\[[0-9;]*m", "", coloured).rstrip("\n").split("\n"), coloured


def accuracy(view: Curve, width: int = 60, height: int = 12) -> tuple[list[str], str]:
    return drawn(accuracy_chart(view), width, height)


@given(values=SHARES, level=st.floats(0.0, 1.0))
def test_the_axis_of_shares_fits_the_values_and_reaches_for_a_level_that_lies_near(
    values: list[float], level: float
) -> None:
    low, high = y_range(values, [level], is_share=True, log=False)
    span = max(values) - min(values)
    assert 0 <= low <= min(values) <= max(values) <= high <= 1 and high - low >= LEAST_SHARE - 1e-9
    assert high - low <= max(LEAST_SHARE, (1 + 2 * NEAR) * 1.2 * span) + 1e-9
    if min(values) - NEAR * span <= level <= max(values) + NEAR * span:
        assert low <= level <= high


@given(values=st.lists(st.floats(1e-6, 1e6), min_size=1, max_size=30))
def test_other_axes_have_a_range_around_their_values(values: list[float]) -> None:
    low, high = y_range(values, is_share=False, log=False)
    assert low <= min(values) <= max(values) <= high and low < high and low >= 0
    logs = [math.log10(value) for value in values]
    low, high = y_range(logs, is_share=False, log=True)
    assert low <= min(logs) and max(logs) <= high and low < high


@given(low=st.floats(-1e4, 1e4), span=st.floats(1e-3, 1e6), height=st.integers(6, 60))
def test_an_axis_has_two_to_about_as_many_round_labels_as_a_third_of_its_rows(
    low: float, span: float, height: int
) -> None:
    levels, labels = y_ticks(low, low + span, height, log=False)
    assert 2 <= len(levels) <= max(height // 3, 5) and len(set(labels)) == len(labels)
    assert all(low - 1e-6 * span <= level <= low + 1.000001 * span for level in levels)


@given(low=st.floats(-6, 5), span=st.floats(0.001, 8), height=st.integers(6, 60))
def test_a_logarithmic_axis_has_two_labels_or_more(low: float, span: float, height: int) -> None:
    levels, labels = y_ticks(low, low + span, height, log=True)
    assert len(levels) >= 2 and len(set(labels)) == len(labels) and levels == sorted(levels)
    assert all(low - 1e-6 <= level <= low + span + 1e-6 for level in levels)


def test_curves_in_their_colours_over_the_baseline() -> None:
    view = Curve((1, 2, 3), (0.6, 0.7, 0.9), (0.6, 0.65, 0.7), 0.7336, 10)
    lines, coloured = accuracy(view)
    assert any("baseline .7336" in line for line in lines) and not any("▾" in line for line in lines)
    for colour in (INK.train, INK.test, INK.baseline):
        assert f"38;2;{';'.join(map(str, colour))}m" in coloured


def test_a_baseline_far_below_or_above_is_named_at_the_edge_and_stretches_nothing() -> None:
    test = (0.94, 0.95, 0.96)
    lines, _ = accuracy(Curve((1, 2, 3), test, test, 0.1, 3))
    ticks = [
        float(found[0]) for line in lines if (found := re.match(r" *([\d.]+)", line)) and "." in found[0]
    ]
    assert min(ticks) >= 0.94, ticks
    assert "▾ baseline .1000" in lines[-2] and "baseline" not in "".join(lines[:-2])
    low = (0.1, 0.12, 0.14)
    lines, _ = accuracy(Curve((1, 2, 3), low, low, 0.7336, 3))
    assert "▴ baseline .7336" in lines[0]
    narrow, _ = accuracy(Curve((1, 2, 3), low, low, 0.7336, 3), width=30)
    assert "▴ .7336" in narrow[0] and "baseline" not in "".join(narrow)


def test_the_axis_begins_at_the_first_epoch_that_is_drawn() -> None:
    lines, _ = accuracy(Curve((1, 2, 3), (0.5, 0.6, 0.7), (0.5, 0.6, 0.7), None, 3))
    assert lines[-1].split() == ["1", "2", "3"]
    lines, _ = accuracy(Curve((0,), (None,), (0.2,), None, 3))
    assert lines[-1].split() == ["0", "1", "2", "3"]
    lines, _ = accuracy(Curve((1,), (0.4,), (0.5,), None, 1))
    assert lines[-1].split() == ["1"]
    assert epoch_range(0.05, 3.0) == (0.0, 3.0)  # losses within the first epoch
    assert (
        x_ticks(EPOCH, 1.0, 40.0, 31)[1] == ["1", "20", "40"] and x_ticks(EPOCH, 0.0, 40.0, 40)[1][0] == "0"
    )
    assert x_ticks(EPOCH, 1.0, 4.0, 37)[1] == ["1", "2", "3", "4"]
    assert x_ticks(EPOCH, 1.0, 6.0, 37)[1] == ["1", "3", "5"]
    assert x_ticks(EPOCH, 2.0, 3.5, 80)[1] == ["2", "3"] and len(x_ticks(EPOCH, 2.0, 2.5, 80)[1]) > 2


def test_odd_curves_are_drawn_without_an_error() -> None:
    for view in (
        Curve((), (), (), None, 10),
        Curve((), (), (), 0.5, 1),
        Curve((0,), (None,), (0.2,), 0.5, 1),
        Curve((1,), (0.5,), (0.5,), 1.0, 1),
        Curve((1, 2), (float("nan"), float("inf")), (0.0, 0.0), 0.0, 2),
        Curve((1, 2), (1.0, 1.0), (1.0, 1.0), 1.0, 2),
    ):
        assert len(accuracy(view)[0]) >= 11
    level = Line("baseline", ((0.0, 0.3),), INK.baseline, level=True)
    assert "nothing measured yet" in drawn(Chart("t", (level,), 0, 9))[0][0]


def test_the_baselines_name_hides_no_curve_where_there_is_a_place_beside_them() -> None:
    epochs = tuple(range(1, 11))
    over = tuple(0.75 + 0.001 * epoch for epoch in epochs)
    wide = tuple(0.6 + 0.02 * epoch for epoch in epochs)
    for low in (over, wide):
        lines, _ = accuracy(Curve(epochs, over, low, 0.7, 10), 50, 14)
        (label,) = [line for line in lines if "baseline .7000" in line]
        before, after = label.split("baseline .7000")
        assert not re.search("[\u2801-\u28ff]$", before) and not re.match("[\u2801-\u28ff]", after)


def test_steps_and_times_have_round_labels_too() -> None:
    assert x_ticks(STEP, 0.5, 40_000.0, 60)[1] == ["10,000", "20,000", "30,000", "40,000"]
    assert x_ticks(TIME, 0.0, 7200.0, 80)[1] == ["0 s", "30 m", "1 h", "1 h 30 m", "2 h"]
    assert x_ticks(TIME, 6.0, 60.0, 80)[1] == ["15 s", "30 s", "45 s", "1 m"]
    assert x_ticks(TIME, 0.0, 9e5, 40)[1] == ["0 s", "240 h"]
    shown = [x_shown(TIME, x) for x in (0.25, 59.4, 65.0, 3600.0, 5400.0, 90061.0)]
    assert shown == ["0.25 s", "59.4 s", "1 m 5 s", "1 h", "1 h 30 m", "25 h 1 m 1 s"]
    assert x_shown(EPOCH, 2.0) == "2" and x_shown(STEP, 1240.4) == "1,240"


@given(axis=st.sampled_from((EPOCH, STEP, TIME)), first=st.floats(0.0, 1e6), span=st.floats(0.1, 1e8))
def test_ticks_lie_in_the_window_and_apart(axis: Any, first: float, span: float) -> None:
    places, labels = x_ticks(axis, first, first + span, 80)
    most = 10 + (axis == EPOCH)  # the first epoch has a label beside the round ones
    assert len(places) == len(labels) <= most and places == sorted(places)
    assert all(first - 1e-6 * span - 1e-6 <= place <= first + span * 1.000001 + 1e-6 for place in places)
