"""Drawings: counts and shares in their cells, curves over the baseline, no spike lost."""

import math
import random
import re

from hypothesis import given
from hypothesis import strategies as st

from tui.detail_view import Curve, MatrixView
from tui.plots import (
    BEST,
    INK,
    MODES,
    Chart,
    Grid,
    Line,
    Plot,
    confused_pairs,
    draw_chart,
    draw_confusion,
    draw_matrix,
    reading,
    thin,
)  # fmt: skip
from tui.views.accuracy_chart import accuracy_chart


def drawn(plot: Plot) -> tuple[list[str], str]:
    """The canvas as plain lines, and with its colours."""
    coloured = plot.build()
    return re.sub(r"\x1b\[[0-9;]*m", "", coloured).split("\n"), coloured


def test_numbers_of_neighbouring_cells_never_run_together() -> None:
    counts = [
        [129 if row == column else 32 if column == row + 1 else 0 for column in range(10)]
        for row in range(10)
    ]
    for width in range(24, 120, 3):
        for height in (11, 12, 22):
            lines, _ = confusion(counts, width, height)
            words = {word for line in lines[1:] for word in line.split()}
            assert not {word for word in words if "12932" in word or "3212" in word or "·32" in word}, lines


def confusion(
    counts: list[list[int]], width: int, height: int, names: tuple[str, ...] = ()
) -> tuple[list[str], str]:
    plot = Plot()
    view = MatrixView(tuple(map(tuple, counts)), names or tuple(map(str, range(len(counts)))), 3, 10)
    plot.plotsize(width, height)
    plot._set_size(width, height)
    draw_confusion(plot, view, width, height)
    return drawn(plot)


def test_each_cell_has_its_count_and_share() -> None:
    lines, coloured = confusion([[90, 10], [5, 15]], 40, 8)
    assert lines[0].split() == ["╲", "0", "1", "recall"]
    assert lines[1].split() == ["0", "90", "10", ".90"] and lines[2].split() == ["90%", "10%"]
    assert lines[3].split() == ["1", "5", "15", ".75"] and lines[4].split() == ["25%", "75%"]
    assert lines[1].index("90") < lines[1].index("10")
    full = ";".join(str(round(a + (b - a) * 0.9)) for a, b in zip(INK.empty, INK.full, strict=True))
    assert f"48;2;{full}m" in coloured


def test_classes_have_their_names_where_there_is_room_beside_counts_and_shares() -> None:
    names, counts = ("no DR", "mild", "proliferative"), [[90, 10, 0], [5, 15, 0], [1, 0, 2]]
    lines, _ = confusion(counts, 80, 8, names)
    assert lines[0].split() == [
        "true",
        "╲",
        "pred",
        "0",
        "no",
        "DR",
        "1",
        "mild",
        "2",
        "proliferative",
        "recall",
    ]
    assert lines[5].startswith("2 proliferative") and lines[1].split()[:4] == ["0", "no", "DR", "90"]
    lines, _ = confusion(counts, 32, 8, names)
    assert lines[5].startswith("2 prolife…  ") and lines[2].split() == ["90%", "10%", "0%"]
    lines, _ = confusion(counts, 26, 8, names)
    assert [line.split()[0] for line in lines[1:6:2]] == ["0", "1", "2"] and "…" not in "".join(lines)
    lines, _ = confusion(counts, 32, 8)
    assert lines[1].split() == ["0", "90", "10", "0", ".90"]
    view = MatrixView(tuple(map(tuple, counts)), names, 3, 10)
    assert confused_pairs(view, 2) == ["0 no DR as 1 mild (10)", "1 mild as 0 no DR (5)"]


def test_small_windows_keep_counts_and_large_ones_of_many_classes_too() -> None:
    lines, _ = confusion([[90, 10], [5, 15]], 40, 4)
    assert lines[1].split() == ["0", "90", "90%", "10", "10%", ".90"]
    many = [[7 if row == column else 0 for column in range(10)] for row in range(10)]
    lines, _ = confusion(many, 46, 12)
    assert lines[3].split() == ["2", *["·"] * 2, "7", *["·"] * 7, "1.00"]
    crowded = [[20 + row if row == column else 11 for column in range(10)] for row in range(10)]
    lines, _ = confusion(crowded, 39, 12)
    assert lines[3].split() == ["2", "11", "11", "22", *["11"] * 7] and "recall" not in lines[0]
    lines, _ = confusion(many, 46, 6)
    assert "no room for the matrix" in lines[0]


def test_a_class_without_images_has_no_share() -> None:
    lines, _ = confusion([[0, 0], [1, 3]], 40, 8)
    assert lines[1].split() == ["0", "0", "0", "–"] and lines[2].split() == ["–", "–"]


@given(
    length=st.integers(101, 900),
    spikes=st.sets(st.integers(0, 100), min_size=1, max_size=5),
    seed=st.integers(0, 99),
)
def test_thinning_keeps_every_spike_and_its_bound(length: int, spikes: set[int], seed: int) -> None:
    noise = random.Random(seed)
    points = [(float(x), 9.0 + x if x in spikes else noise.random()) for x in range(length)]
    kept = thin(points, 100)
    assert len(kept) <= 100 and kept == sorted(kept) and set(kept) <= set(points)
    stretch = math.ceil(length / 50)
    for spike in spikes:  # it is kept, or a higher one of its stretch is
        assert any(abs(x - spike) < stretch and y >= 9.0 + spike for x, y in kept)


def test_thinning_drops_what_is_not_finite() -> None:
    assert thin([(1, float("inf")), (2, 0.5), (3, float("nan"))], 10) == [(2, 0.5)]


@given(st.lists(st.floats(0.5, 1.0), min_size=50, max_size=3000), st.data())
def test_every_outlier_of_a_long_series_is_drawn_in_its_column(
    values: list[float], data: st.DataObject
) -> None:
    width = 60
    at = data.draw(st.sets(st.integers(0, len(values) - 1), min_size=1, max_size=3))
    points = tuple((float(n), 9.0 if n in at else value) for n, value in enumerate(values))
    plot = Plot()
    plot.plotsize(width, 12)
    plot._set_size(width, 12)
    chart = Chart("loss", (Line("loss", points, INK.train),), 0.0, float(len(values) - 1))
    draw_chart(plot, chart, width, 12)
    lines, _ = drawn(plot)
    ticks = [line for line in lines if line.strip()][-1]
    left = len(ticks) - len(ticks.lstrip())  # where the tick at 0 stands
    top = "".join(lines[0:2])
    assert any(character > "\u2800" for character in top)
    columns = {n for line in lines[:2] for n, character in enumerate(line) if character > "\u2800"}
    for number in at:
        expected = left + (width - 1 - left) * number / (len(values) - 1)
        assert min(abs(column - expected) for column in columns) <= 3


def test_the_best_epoch_is_marked_on_the_curve_of_home() -> None:
    def chart(best: tuple[int, float] | None) -> list[str]:
        plot = Plot()
        plot.plotsize(60, 12)
        plot._set_size(60, 12)
        view = Curve((1, 2, 3), (0.6, 0.7, 0.9), (0.6, 0.9, 0.7), 0.5, 3, best=best)
        draw_chart(plot, accuracy_chart(view), 60, 12)
        return drawn(plot)[0]

    (row,) = [line for line in chart((2, 0.9)) if BEST in line]
    assert abs(row.index(BEST) - 32) < 3
    assert not any(BEST in line for line in chart(None))


def test_a_cursor_reads_the_nearest_value_and_nothing_far_away() -> None:
    line = Line("a", ((1.0, 0.5), (2.0, 0.6), (5.0, 0.7)), INK.test)
    level = Line("b", ((0.0, 0.3),), INK.baseline, level=True)
    faint = Line("c", ((1.0, 0.5),), INK.faint, faint=True)

    def read(x: float) -> list[float | None]:
        return [value for _, value in reading(Chart("t", (line, level, faint), 0, 9, cursor=x))]

    assert read(1.0) == [0.5] and read(2.4) == [0.6] and read(9.0) == [None]


def matrix_lines(grid: Grid, width: int, height: int) -> list[str]:
    plot = Plot()
    plot.plotsize(width, height)
    plot._set_size(width, height)
    draw_matrix(plot, grid, width, height)
    return drawn(plot)[0]


def test_a_hundred_classes_are_seen_around_the_cursor() -> None:
    counts = tuple(tuple(7 if row == column else 0 for column in range(100)) for row in range(100))
    names = tuple(f"class {number}" for number in range(100))
    lines = matrix_lines(Grid(counts, names, MODES[0], (60, 60)), 80, 18)
    assert any("60 class 60" in line and "100" in line for line in lines)
    assert not any("1 class 1 " in line for line in lines)
    assert "no room" in matrix_lines(Grid(counts, names, MODES[0], (60, 60)), 80, 1)[0]


def test_columns_are_as_wide_as_the_names_where_there_is_room() -> None:
    counts = tuple(tuple(7 if row == column else 0 for column in range(3)) for row in range(3))
    grid = Grid(counts, ("no DR", "mild", "proliferative"), MODES[0], (0, 0))
    assert "2 proliferative" in matrix_lines(grid, 80, 10)[0]
    assert matrix_lines(grid, 70, 10)[0].split()[-3:] == ["2", "recall", "prec"]
    long = Grid(counts, ("no DR", "mild", "p" * 60), MODES[0], (0, 0))
    assert matrix_lines(long, 80, 10)[0].split()[-3:] == ["2", "recall", "prec"]


def test_differences_carry_their_sign_and_modes_their_shares() -> None:
    counts, other = ((90, 10), (5, 15)), ((80, 20), (5, 15))
    assert "+10" in matrix_lines(Grid(counts, ("a", "b"), MODES[0], (1, 1), other), 60, 8)[1]
    by_column = matrix_lines(Grid(counts, ("a", "b"), MODES[2], (1, 1)), 60, 8)
    assert "95%" in by_column[1] and "60%" in "".join(by_column[4:6])
