"""Interval of a share of images, with and without groups."""

import numpy as np
import pytest

from engine.analysis.comparison.share_interval import share_interval
from engine.analysis.interval import wilson_interval


def test_without_groups_it_is_wilsons() -> None:
    correct = np.arange(400) < 210
    found = share_interval(correct)
    assert (found.low, found.high) == pytest.approx(wilson_interval(0.525, 400))
    assert (round(found.low, 3), round(found.high, 3)) == (0.476, 0.573)  # the published one
    assert (found.images, found.groups, found.by_groups) == (400, 400, False)


def test_images_that_are_right_together_count_as_few() -> None:
    correct = np.repeat(np.arange(60) < 45, 10)
    found = share_interval(correct, [str(row // 10) for row in range(600)])
    alone = share_interval(np.arange(60) < 45)
    assert found.low == pytest.approx(alone.low, abs=0.01) and found.high == pytest.approx(
        alone.high, abs=0.01
    )
    assert found.by_groups and found.groups == 60


def test_what_few_groups_tell() -> None:
    right = np.ones(40, bool)
    assert (share_interval(right, ["a"] * 40).low, share_interval(right, ["a"] * 40).high) == (0.0, 1.0)
    of_four = share_interval(right, [str(row % 4) for row in range(40)])
    assert of_four.low < 0.5 and of_four.high == 1.0
    with pytest.raises(ValueError, match="no images"):
        share_interval(right[:0])


def test_it_is_never_narrower_than_of_independent_images() -> None:
    """Groups that are more alike than chance, as classes of a balanced set, do not make it surer."""
    correct = np.tile([True, True, True, False], 50)
    found = share_interval(correct, [str(row // 4) for row in range(200)])
    assert found.low <= wilson_interval(0.75, 200)[0] and found.high >= wilson_interval(0.75, 200)[1]


def test_it_covers_with_unequal_groups() -> None:
    rng, held = np.random.default_rng(5), 0
    for _ in range(400):
        sizes = rng.integers(1, 30, 20)
        groups = np.repeat(np.arange(20), sizes)
        correct = rng.random(len(groups)) < rng.beta(8, 2, 20)[groups]
        found = share_interval(correct, [str(each) for each in groups])
        held += found.low <= 0.8 <= found.high
    assert 0.92 <= held / 400 <= 0.99
