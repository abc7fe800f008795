"""What is drawn: counts and shares in their cells, curves over the baseline, no spike lost."""

import math
import random
import re

from hypothesis import given
from hypothesis import strategies as st

from tui.plots import INK, Plot, draw_accuracy, draw_confusion, thin
from tui.snapshot import Curve, MatrixView


def drawn(plot: Plot) -> tuple[list[str], str]:
    """The canvas as plain lines, and with its colours."""
    coloured = plot.build()
    return re.sub(r"\x1b\[[0-9;]*m", "", coloured).split("\n"), coloured


def confusion(counts: list[list[int]], width: int, height: int) -> tuple[list[str], str]:
    plot = Plot()
    view = MatrixView(tuple(map(tuple, counts)), tuple("abcdefghij"[: len(counts)]), 3, 10)
    plot.plotsize(width, height)
    plot._set_size(width, height)
    draw_confusion(plot, view, width, height)
    return drawn(plot)


def test_each_cell_has_its_count_and_share() -> None:
    lines, coloured = confusion([[90, 10], [5, 15]], 40, 8)
    assert lines[0].split() == ["ans", "0", "1", "recall"]
    assert lines[1].split() == ["0", "90", "10", ".90"] and lines[2].split() == ["90%", "10%"]
    assert lines[3].split() == ["1", "5", "15", ".75"] and lines[4].split() == ["25%", "75%"]
    assert lines[1].index("90") < lines[1].index("10")
    full = ";".join(str(round(a + (b - a) * 0.9)) for a, b in zip(INK.empty, INK.full, strict=True))
    assert f"48;2;{full}m" in coloured


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


def accuracy(view: Curve, width: int = 60, height: int = 12) -> tuple[list[str], str]:
    plot = Plot()
    plot.plotsize(width, height)
    plot._set_size(width, height)
    draw_accuracy(plot, view, width, height)
    return drawn(plot)


def test_curves_in_their_colours_over_the_baseline() -> None:
    view = Curve((1, 2, 3), (0.6, 0.7, 0.9), (0.6, 0.65, 0.7), 0.7336, 10)
    lines, coloured = accuracy(view)
    assert any("baseline .7336" in line for line in lines)
    assert lines[0].startswith("1.0") and any(line.startswith("0.6") for line in lines)
    for colour in (INK.train, INK.test, INK.baseline):
        assert f"38;2;{';'.join(map(str, colour))}m" in coloured


def test_odd_curves_are_drawn_without_an_error() -> None:
    for view in (
        Curve((), (), (), None, 10),
        Curve((), (), (), 0.5, 1),
        Curve((0,), (None,), (0.2,), 0.5, 1),
        Curve((1,), (0.5,), (0.5,), 1.0, 1),
        Curve((1, 2), (float("nan"), float("inf")), (0.0, 0.0), 0.0, 2),
    ):
        assert len(accuracy(view)[0]) >= 11


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
