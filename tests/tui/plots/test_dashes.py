"""Dashes: on the line, at places of the axis, with gaps between them."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.plots import Chart, Line, Plot, draw_chart
from tui.plots.dashes import dashes

RAMP = tuple((float(place), place / 10) for place in range(11))


def test_a_dash_and_a_gap_take_so_many_columns() -> None:
    cut = dashes(RAMP, (0.0, 10.0), 10)
    assert [[point[0] for point in dash] for dash in cut] == [[0, 1, 2, 3], [5, 6, 7, 8]]
    assert all(y == pytest.approx(x / 10) for dash in cut for x, y in dash)


def test_dashes_stay_where_they_are_while_the_line_grows() -> None:
    before, after = dashes(RAMP[:7], (0.0, 20.0), 40), dashes(RAMP, (0.0, 20.0), 40)
    assert after[: len(before) - 1] == before[:-1] and len(after) > len(before)


@given(
    st.lists(st.floats(0, 1), min_size=2, max_size=50),
    st.integers(1, 200),
)
def test_dashes_lie_on_the_line_and_never_overlap(values: list[float], columns: int) -> None:
    points = [(float(place), value) for place, value in enumerate(values)]
    last = 0.0
    for dash in dashes(points, (0.0, float(len(points))), columns):
        places = [x for x, _ in dash]
        assert places == sorted(places) and places[0] >= last and len(dash) >= 2
        last = places[-1]
        for x, y in dash:
            low, high = points[int(x)], points[min(int(x) + 1, len(points) - 1)]
            assert min(low[1], high[1]) - 1e-9 <= y <= max(low[1], high[1]) + 1e-9


def test_a_dashed_line_is_drawn_with_gaps_behind_the_others() -> None:
    flat = tuple((float(epoch), 0.5) for epoch in range(1, 11))
    other = tuple((float(epoch), 0.9) for epoch in range(1, 11))
    lines = (Line("#4", flat, (130, 140, 150), dashed=True), Line("test", other, (86, 180, 233)))
    plot = Plot()
    draw_chart(plot, Chart("accuracy", lines, 1.0, 10.0, is_share=True), 60, 12)
    rows = re.sub(r"\x1b\[[0-9;]*m", "", plot.build()).split("\n")
    drawn = [re.sub(r"[⠁-⣿]+", "x", row[5:]) for row in rows if re.search(r"[⠁-⣿]", row)]
    assert sorted(row.count("x") for row in drawn) == [1, 11]
