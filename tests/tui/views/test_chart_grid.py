"""Rows of charts that fill their room."""

import pytest

from tui.views.chart_grid import LEAST_HEIGHT, LEAST_WIDTH, Rows, rows_of_charts, spans

SMALL_ROOM, ROOM, WIDE_ROOM = (78, 15), (118, 33), (198, 52)
"""Rooms of the curves in windows of 80×24, 120×40 and 200×60 characters."""


@pytest.mark.parametrize(
    ("count", "small", "middle", "wide"),
    [
        (1, (1,), (1,), (1,)),
        (2, (2,), (1, 1), (1, 1)),
        (3, (1, 2), (1, 2), (1, 2)),
        (4, (2, 2), (2, 2), (2, 2)),
        (5, (), (2, 3), (2, 3)),
        (6, (), (2, 2, 2), (2, 2, 2)),
        (9, (), (3, 3, 3), (3, 3, 3)),
        (11, (), (2, 3, 3, 3), (3, 4, 4)),
    ],
)
def test_charts_fill_the_room_in_rows(count: int, small: Rows, middle: Rows, wide: Rows) -> None:
    assert [rows_of_charts(count, *room) for room in (SMALL_ROOM, ROOM, WIDE_ROOM)] == [small, middle, wide]


@pytest.mark.parametrize("count", range(2, 15))
def test_none_is_smaller_than_the_smallest_and_every_row_is_full(count: int) -> None:
    for width in range(20, 260, 7):
        for height in range(3, 80, 5):
            rows = rows_of_charts(count, width, height)
            if not rows:
                continue
            assert sum(rows) == count and list(rows) == sorted(rows)
            assert height // len(rows) >= LEAST_HEIGHT and (width + 2) // max(rows) - 2 >= LEAST_WIDTH
            columns, wide = spans(rows)
            begun = 0
            for in_row in rows:
                assert sum(wide[begun : begun + in_row]) == columns
                begun += in_row


def test_one_chart_is_shown_in_any_room() -> None:
    assert rows_of_charts(1, 5, 1) == (1,) and rows_of_charts(2, 31, 6) == ()
