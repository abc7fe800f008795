"""Epochs on the axes of steps and of time, and back."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.plots import INK, Line
from tui.views.x_axis import AXES, Pace, placed

SECONDS = st.lists(st.floats(0.01, 1e4), min_size=1, max_size=30)


@given(seconds=SECONDS, steps=st.integers(1, 5000), epoch=st.floats(0.0, 60.0))
def test_each_epoch_has_a_place_on_every_axis_from_which_it_is_found_again(
    seconds: list[float], steps: int, epoch: float
) -> None:
    pace = Pace(steps, tuple((float(number), took) for number, took in enumerate(seconds, 1)))
    for axis in AXES:
        x = pace.at(axis, epoch)
        assert x is not None and pace.epoch_at(axis, x) == pytest.approx(epoch, abs=1e-6)
    assert pace.at("step", epoch) == pytest.approx(steps * epoch)
    assert pace.at("time", float(len(seconds))) == pytest.approx(sum(seconds))
    later, before = pace.at("time", epoch + 1), pace.at("time", epoch)
    assert later is not None and before is not None and later > before


def test_epochs_that_were_not_measured_take_the_mean_time() -> None:
    pace = Pace(10, ((1.0, 4.0), (3.0, 8.0)))
    assert [pace.at("time", epoch) for epoch in (0, 1, 2, 2.5, 3, 5)] == [0, 4, 10, 14, 18, 30]


def test_runs_that_have_no_place_on_an_axis_are_not_drawn_there() -> None:
    known, unknown = Pace(10, ((1.0, 4.0),)), Pace(0, ())
    assert unknown.at("step", 1) is None and unknown.at("time", 1) is None
    assert unknown.epoch_at("step", 1) is None and unknown.epoch_at("time", 1) is None
    one = Line("", ((1.0, 0.5),), INK.test, of=0, band=((1.0, 0.4, 0.6),))
    other, level = Line("", ((1.0, 0.7),), INK.test, of=1), Line("b", ((0.0, 0.1),), INK.dim, level=True)

    def on(axis: str) -> list[Line]:
        return placed([level, one, other], axis, lambda of: (known, unknown)[of or 0])  # type: ignore[arg-type]

    assert on("epoch") == [level, one, other]
    shown, line = on("step")
    assert shown == level and line.points == ((10.0, 0.5),) and line.band == ((10.0, 0.4, 0.6),)
    assert on("time")[1].points == ((4.0, 0.5),)
