"""Test of two recipes with several seeds each."""

import numpy as np
import pytest

from engine.analysis.comparison.power import images_needed, recipe_images_needed, seeds_needed
from engine.analysis.comparison.recipes import Parts, mean_interval, recipe_test
from engine.analysis.comparison.share_interval import share_interval


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


def test_a_mean_of_one_is_no_more_certain_than_its_images() -> None:
    right = np.ones((3, 20), bool)
    found = mean_interval(right)
    assert (found.low, found.high) == (share_interval(right[0]).low, 1.0) and found.low < 0.85
    found = mean_interval(~right)
    assert found.low == 0.0 and found.high > 0.15


def test_the_interval_of_a_mean_is_never_narrower_than_that_of_its_images() -> None:
    rng = np.random.default_rng(5)
    for runs_, images, share in ((3, 20, 0.95), (3, 50, 0.97), (10, 200, 0.8), (4, 60, 0.02)):
        right = rng.random((runs_, images)) < share
        for groups in (None, [str(row // 4) for row in range(images)], ["one"] * images):
            found, least = mean_interval(right, groups), share_interval(right.mean(axis=0), groups)
            assert 0 <= found.low <= least.low <= found.mean <= least.high <= found.high <= 1


def test_plans_are_of_more_than_there_is_and_stricter_levels_ask_for_more() -> None:
    parts = Parts(images=0.0002, seeds=0.0003, chance=0.0001, degrees=399)
    for difference in (0.02, 0.03, 0.05, 0.5):
        seeds = [seeds_needed(difference, parts, 3, level) for level in (0.05, 0.005)]
        images = [recipe_images_needed(difference, parts, 3, 400, level) for level in (0.05, 0.005)]
        assert all(each is None or each > 3 for each in seeds)
        assert all(each is None or each > 400 for each in images)
    assert images_needed(0.05, 0.0004, 400) > 400
    assert images_needed(0.05, 0.0004, 400, 0.005) > images_needed(0.05, 0.0004, 400)
    assert images_needed(0.5, 0.0004, 400) == 401


def test_a_plan_passes_the_test_of_the_images_too() -> None:
    """At twice the level it may ask for more than the test of all parts, whose runs are many."""
    parts = Parts(images=0.0004, seeds=0.00001, chance=0.00001, degrees=5)
    difference = 0.055
    assert seeds_needed(difference, parts, 100) is None
    plenty = Parts(images=0.0004, seeds=0.00001, chance=0.00001)
    assert recipe_images_needed(difference, parts, 100, 400) > recipe_images_needed(
        difference, plenty, 100, 400
    )
