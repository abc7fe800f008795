"""Two networks on the same images."""

import numpy as np
import pytest

from engine.analysis.paired_test import paired_difference


def drawn(
    rng: np.random.Generator, groups: int, size: int, gain: float
) -> tuple[np.ndarray, np.ndarray, list[str]]:
    """Answers whose errors are shared within a group; the first network is right in `gain` more groups."""
    first = np.repeat(rng.random(groups) < 0.7 + gain, size)
    second = np.repeat(rng.random(groups) < 0.7, size)
    return first, second, [str(group) for group in range(groups) for _ in range(size)]


def test_without_groups_it_is_the_paired_interval_of_a_mean() -> None:
    rng = np.random.default_rng(1)
    first, second = rng.random(500) < 0.8, rng.random(500) < 0.7
    found = paired_difference(first, second)
    change = first.astype(float) - second
    reach = 1.9647 * change.std(ddof=1) / np.sqrt(500)
    assert found.difference == pytest.approx(change.mean())
    assert (found.low, found.high) == (
        pytest.approx(change.mean() - reach, abs=1e-5), pytest.approx(change.mean() + reach, abs=1e-5)
    )  # fmt: skip
    assert found.only_first - found.only_second == round(500 * found.difference)
    assert found.images == found.groups == 500


def test_its_interval_holds_what_it_promises_where_eyes_err_together() -> None:
    """Of 95 % intervals about 95 % hold the truth; taking each image for itself, far fewer do."""
    rng, held, naive = np.random.default_rng(7), 0, 0
    for _ in range(1000):
        first, second, groups = drawn(rng, groups=120, size=2, gain=0.1)
        for found, is_grouped in (
            (paired_difference(first, second, groups), True),
            (paired_difference(first, second), False),
        ):
            assert found.low is not None and found.high is not None
            inside = found.low <= 0.1 <= found.high
            held, naive = held + (inside and is_grouped), naive + (inside and not is_grouped)
    assert 930 <= held <= 970 and naive < 900


def test_what_cannot_be_told_apart_is_not() -> None:
    same = np.array([True, False, True])
    alike = paired_difference(same, same)
    assert (alike.difference, alike.low, alike.is_told_apart) == (0.0, None, False)
    better = paired_difference(np.ones(200, bool), np.arange(200) % 2 == 0)
    assert better.is_told_apart and better.only_first == 100
    assert paired_difference(np.ones(4, bool), np.zeros(4, bool), ["a"] * 4).low is None
    with pytest.raises(ValueError, match="3 and 2 images"):
        paired_difference(same, same[:2])
    with pytest.raises(ValueError):
        paired_difference(same[:0], same[:0])
