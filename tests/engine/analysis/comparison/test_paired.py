"""Paired tests of two networks, with and without groups of images."""

import math
from itertools import product

import numpy as np
import pytest
from scipy.optimize import minimize_scalar
from scipy.stats import binom

from engine.analysis.comparison.holm import holm, holm_times
from engine.analysis.comparison.paired import paired_test
from engine.analysis.comparison.score_interval import difference_bounds
from engine.analysis.comparison.sign_flip import sign_flip_p


def networks(only_first: int, only_second: int, images: int) -> tuple[np.ndarray, np.ndarray]:
    """Return which of `images` two networks predict correctly, in so many of which they differ."""
    first, second = np.ones(images, bool), np.ones(images, bool)
    second[:only_first] = False
    first[only_first : only_first + only_second] = False
    return first, second


@pytest.mark.parametrize(
    ("more", "less", "apart"), [(20, 0, True), (4, 0, False), (5, 0, True), (12, 3, True), (7, 2, False)]
)
@pytest.mark.parametrize("images", [20, 400, 7000])
def test_small_counts_are_judged_by_the_exact_mid_p(more: int, less: int, apart: bool, images: int) -> None:
    found = paired_test(*networks(more, less, images))
    exact = 2 * binom.cdf(less, more + less, 0.5) - binom.pmf(less, more + less, 0.5)
    assert found.p == pytest.approx(exact) and found.method == "mid-p McNemar test"
    assert found.is_told_apart is apart
    assert found.low is not None and found.high is not None
    assert (found.low > 0) is apart and found.low <= found.difference <= found.high
    assert (found.only_first, found.only_second) == (more, less)


def test_the_exact_test_counts_all_signs_of_whole_groups() -> None:
    sums = np.array([3, 1, -2, 5, 1, 0, 4])
    totals = [
        abs(sum(sign * each for sign, each in zip(signs, sums, strict=True)))
        for signs in product((1, -1), repeat=7)
    ]
    observed = abs(sums.sum())
    by_hand = np.mean([(total > observed) + 0.5 * (total == observed) for total in totals])
    assert sign_flip_p(sums) == pytest.approx(by_hand)
    assert sign_flip_p(7 * sums) == pytest.approx(by_hand)
    assert sign_flip_p(np.zeros(4, int)) == sign_flip_p(np.array([2, -2])) == 1.0


def test_many_images_are_tested_by_the_normal_distribution() -> None:
    sums = np.concatenate([np.ones(600_000, int), -np.ones(598_000, int)])
    assert sign_flip_p(sums) == pytest.approx(math.erfc(2000 / math.sqrt(2 * 1_198_000)), rel=1e-3)
    assert 0 < sign_flip_p(np.ones(5000, int)) < 1e-11


def test_the_interval_is_tangos() -> None:
    """Tango 1998, table II: 43 of 44 alike, 1 : 0."""
    low, high = difference_bounds(1, 0, 44, 1.959964)
    assert (low, high) == (pytest.approx(-0.0596, abs=0.0005), pytest.approx(0.1181, abs=0.0005))
    assert difference_bounds(30, 0, 30, 1.96)[1] == 1.0 and difference_bounds(0, 30, 30, 1.96)[0] == -1.0


@pytest.mark.parametrize(
    ("more", "less", "images"), [(7, 1, 21), (30, 12, 400), (5, 0, 1000), (0.5, 7.5, 60.25)]
)
def test_at_its_ends_the_score_is_the_quantile(more: float, less: float, images: float) -> None:
    """With the nuisance share at the maximum of the likelihood, found by search."""
    for truth, sign in zip(difference_bounds(more, less, images, 1.96), (1, -1), strict=True):

        def unlikely(share: float, truth: float = truth) -> float:
            rest = max(1 - 2 * share - truth, 1e-300)
            of = ((more, share + truth), (less, share), (images - more - less, rest))
            return -sum(count * math.log(max(chance, 1e-300)) for count, chance in of if count)

        bounds = (max(0.0, -truth), (1 - truth) / 2)
        share = minimize_scalar(unlikely, bounds=bounds, method="bounded", options={"xatol": 1e-12}).x
        error = math.sqrt(images * (2 * share + truth * (1 - truth)))
        assert (more - less - images * truth) / error == pytest.approx(sign * 1.96, abs=2e-3)


def test_two_groups_tell_nothing() -> None:
    first, second = networks(30, 2, 80)
    for groups, word in ((["a"] * 80, "1 group:"), (["a", "b"] * 40, "2 groups:")):
        found = paired_test(first, second, groups)
        assert found.p is found.low is found.high is None and not found.is_told_apart
        assert word in found.why_not and found.difference == pytest.approx(28 / 80)


@pytest.mark.parametrize("groups", [3, 4, 5, 6])
def test_four_images_of_few_groups_are_not_told_apart(groups: int) -> None:
    """A t test alone would: four groups of one difference each have no variance at all."""
    first, second = networks(4, 0, 4 * groups)
    found = paired_test(first, second, [str(row % groups) for row in range(4 * groups)])
    assert not found.is_told_apart and found.p is not None and found.p >= 0.0625
    assert found.low is not None and found.low <= 0


def test_groups_count_where_eyes_err_together() -> None:
    first, second = networks(12, 2, 400)
    assert paired_test(first, second).is_told_apart
    pairs = [str(row // 4) for row in range(400)]  # three patients for the first, half a one for the second
    found = paired_test(first, second, pairs)
    assert not found.is_told_apart and found.method == "sign flips of whole groups"
    assert found.groups == 100 and found.design_effect > 2


def test_several_networks_are_compared_by_their_mean() -> None:
    first, second = networks(40, 20, 500)
    alike = paired_test(np.stack([first, first]), second)
    alone = paired_test(first, second)
    assert alike.p == pytest.approx(alone.p) and alike.difference == pytest.approx(alone.difference)
    assert (alike.low, alike.high) == (pytest.approx(alone.low), pytest.approx(alone.high))
    mixed = paired_test(np.stack([first, second]), second)
    assert mixed.difference == pytest.approx(alone.difference / 2)


def test_the_order_of_the_two_only_turns_the_signs() -> None:
    rng = np.random.default_rng(3)
    first, second = rng.random(300) < 0.8, rng.random(300) < 0.7
    groups = [str(each) for each in rng.integers(0, 40, 300)]
    for of in (None, groups):
        one, other = paired_test(first, second, of), paired_test(second, first, of)
        assert one.p == pytest.approx(other.p)
        assert (one.low, one.high) == (pytest.approx(-other.high), pytest.approx(-other.low))


def test_equal_predictions_and_wrong_input() -> None:
    same = np.array([True, False, True])
    alike = paired_test(same, same)
    assert alike.p == 1.0 and alike.low is not None and alike.low < 0 < alike.high
    with pytest.raises(ValueError, match="3 and 2 images"):
        paired_test(same, same[:2])
    with pytest.raises(ValueError):
        paired_test(same[:0], same[:0])
    with pytest.raises(ValueError, match="2 groups of 3 images"):
        paired_test(same, ~same, ["a", "b"])


def test_holm() -> None:
    assert holm([0.01, 0.04, None, 0.03]) == pytest.approx([0.03, 0.06, None, 0.06])
    assert holm([0.9, 0.6]) == [1.0, 1.0] and holm([None]) == [None] and holm([]) == []
    assert holm_times([0.01, 0.04, None, 0.03]) == [3, 1, 1, 2]


def test_where_score_and_test_differ_the_end_is_that_of_the_test() -> None:
    """Not a number next to 0: the scaled score's end moves with p, and has its sign."""
    differing = 0
    for images in (30, 100, 400):
        for less in range(12):
            for more in range(less + 1, 30):
                if more + less > images:
                    continue
                found = paired_test(*networks(more, less, images))
                plain = difference_bounds(more, less, images, 1.959964)[0]
                if (plain > 0) is not found.is_told_apart:
                    differing += 1
                    assert found.low is not None and 1e-6 < abs(found.low) < 0.05
                assert (found.low > 0) is found.is_told_apart
                turned = paired_test(*networks(less, more, images))
                assert turned.high == pytest.approx(-found.low)
    assert differing > 3


def test_few_groups_that_all_speak_for_one_have_a_real_end() -> None:
    first, second = networks(36, 0, 72)
    groups = [str(row % 6) for row in range(36)] + [str(row % 6) for row in range(36)]
    unequal = np.array([0] * 1 + [1] * 2 + [2] * 3 + [3] * 8 + [4] * 10 + [5] * 12 + [0, 1, 2, 3, 4, 5] * 6)
    for each in (groups, [str(group) for group in unequal]):
        found = paired_test(first, second, each)
        assert found.is_told_apart and found.low is not None and found.low > 1e-4
