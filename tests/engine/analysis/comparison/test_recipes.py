"""Test of two recipes with several seeds each."""

import numpy as np
import pytest

from engine.analysis.comparison.recipes import recipe_test


def runs(rng: np.random.Generator, count: int, hard: np.ndarray, gain: float, seed_sd: float) -> np.ndarray:
    """Return which images each run predicts correctly: hard ones seldom, and some seeds are better than others."""
    luck = seed_sd * rng.standard_normal((count, 1))
    return rng.standard_normal((count, len(hard))) * 0.6 + hard + luck < 0.9 + gain


def test_where_seeds_vary_more_images_say_nothing() -> None:
    rng = np.random.default_rng(1)
    hard = rng.standard_normal(5000)
    first, second = (runs(rng, 3, hard, gain, 0.3) for gain in (0.0, 0.0))
    found = recipe_test(first, second)
    assert found.high - found.low > 4 * 1.96 * found.parts.images**0.5
    assert found.parts.seeds > 20 * (found.parts.images - found.parts.chance)
    assert found.first_sd == pytest.approx(first.mean(axis=1).std(ddof=1))


def test_where_images_vary_more_seeds_say_nothing() -> None:
    """Two recipes with the same runs again and again are told apart no better than by the images that differ."""
    rng = np.random.default_rng(2)
    hard = rng.standard_normal(200)
    first, second = (np.repeat(runs(rng, 1, hard, gain, 0.0), 10, axis=0) for gain in (0.0, 0.0))
    found = recipe_test(first, second)
    assert found.parts.seeds == pytest.approx(0, abs=1e-20) and found.parts.chance == pytest.approx(
        0, abs=1e-20
    )
    assert not found.is_told_apart and found.high - found.low > 2 * 1.9 * found.parts.images**0.5


def test_groups_make_it_less_sure() -> None:
    rng = np.random.default_rng(3)
    hard = np.repeat(rng.standard_normal(40), 10)
    first, second = (runs(rng, 5, hard, gain, 0.05) for gain in (0.0, 0.3))
    groups = [str(row // 10) for row in range(400)]
    by_groups, by_images = recipe_test(first, second, groups), recipe_test(first, second)
    assert by_groups.high - by_groups.low > 1.2 * (by_images.high - by_images.low)
    assert (by_groups.groups, by_images.groups, by_groups.images) == (40, 400, 400)


def test_p_and_interval_agree_and_turn_with_the_order() -> None:
    rng = np.random.default_rng(4)
    for counts in ((3, 3), (3, 10), (5, 4)):
        hard = rng.standard_normal(300)
        for gain in (0.0, 0.1, 0.3, 0.6):
            first, second = runs(rng, counts[0], hard, 0.0, 0.1), runs(rng, counts[1], hard, gain, 0.1)
            one, other = recipe_test(first, second), recipe_test(second, first)
            assert one.is_told_apart == (one.low > 0 or one.high < 0)
            assert one.p == pytest.approx(other.p) and one.low == pytest.approx(-other.high)


def test_equal_runs_are_no_difference() -> None:
    same = np.tile(np.arange(50) < 40, (3, 1))
    found = recipe_test(same, same)
    assert (found.difference, found.p, found.is_told_apart) == (0.0, 1.0, False)
