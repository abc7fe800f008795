"""Which images an epoch shows, and how they part into batches."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.datasets.loading.sampling import parts_of
from engine.recipes.samplers import balanced_draw, copies_of


@given(count=st.integers(0, 300), size=st.integers(1, 50))
def test_parts_hold_every_image_once_in_order_and_none_is_left_alone(count: int, size: int) -> None:
    parts = parts_of(count, size)
    assert [place for part in parts for place in range(count)[part]] == list(range(count))
    lengths = [part.stop - part.start for part in parts]
    assert all(length == size for length in lengths[:-2])
    assert max(lengths, default=0) <= max(size, 3)
    if size > 1 and count > 1:
        assert min(lengths) >= 2


def test_a_single_last_image_gets_company() -> None:
    assert parts_of(9, 4) == [slice(0, 4), slice(4, 7), slice(7, 9)]
    assert parts_of(5, 2) == [slice(0, 2), slice(2, 5)]
    assert parts_of(1, 4) == [slice(0, 1)] and parts_of(3, 1) == [slice(0, 1), slice(1, 2), slice(2, 3)]


def test_balanced_draws_show_all_classes_alike_and_all_their_images() -> None:
    rows = np.arange(100, 140)
    labels = np.array([0] * 30 + [2] * 8 + [4] * 2)
    numbers = np.random.default_rng(0).integers(0, 2**64, 60_000, dtype=np.uint64)
    drawn = balanced_draw(numbers, rows, labels)
    counts = np.bincount(drawn - 100, minlength=40)
    by_class = [counts[labels == label] for label in (0, 2, 4)]
    assert [group.sum() / 20_000 for group in by_class] == pytest.approx([1, 1, 1], abs=0.03)
    assert all(group.min() > 0.8 * group.mean() for group in by_class)


@given(st.lists(st.integers(0, 5), max_size=30))
def test_copies_number_the_repeats_of_a_row(rows: list[int]) -> None:
    expected = [rows[:place].count(row) for place, row in enumerate(rows)]
    assert copies_of(np.array(rows, dtype=np.int64)).tolist() == expected
