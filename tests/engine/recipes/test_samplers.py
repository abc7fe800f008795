"""Images that an epoch shows."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.recipes.samplers import SAMPLERS, balanced_draw, copies_of


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


def test_the_shares_that_the_steps_see() -> None:
    assert SAMPLERS["shuffle"].drawn_shares([6, 3, 1, 0]) == [0.6, 0.3, 0.1, 0]
    assert SAMPLERS["balanced"].drawn_shares([6, 3, 0, 1]) == [1 / 3, 1 / 3, 0, 1 / 3]
    assert all(sampler.drawn_shares([0, 0]) is None for sampler in SAMPLERS.values())
