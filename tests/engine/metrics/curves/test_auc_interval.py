"""Intervals of an AUC: their formulas, groups that count once, and how often they hold the truth."""

import math

import numpy as np
import pytest
from scipy import stats

from engine.metrics.curves import auc_interval as module
from engine.metrics.curves.auc_interval import auc_interval
from engine.metrics.curves.split_curves import split_curves
from engine.metrics.curves.target import Sides

PAIRS = [str(number // 2) for number in range(200)]


def drawn(random: np.random.Generator, m: int, n: int, apart: float, spread: float = 1.0) -> Sides:
    """Normal scores, of the positives so much higher and so widely spread."""
    labels = np.arange(m + n) < m
    return Sides(labels, random.normal(size=m + n) * np.where(labels, spread, 1.0) + apart * labels)


def test_the_variance_is_delongs() -> None:
    sides = drawn(np.random.default_rng(0), 30, 50, 1.0)
    ups, downs = np.round(sides.scores[sides.positives], 1), np.round(sides.scores[~sides.positives], 1)
    wins = (ups[:, None] > downs[None]) + (ups[:, None] == downs[None]) / 2
    area, expected = wins.mean(), wins.mean(1).var(ddof=1) / 30 + wins.mean(0).var(ddof=1) / 50
    deviations = module._wins(ups, downs) - area, 1 - module._wins(downs, ups) - area
    assert module._variance(sides.positives, *deviations, np.arange(80)) == pytest.approx(expected)
    half = stats.t.ppf(0.975, 29) * math.sqrt(expected) / (area * (1 - area))
    logit = math.log(area / (1 - area))
    ends = [1 / (1 + math.exp(-logit - sign * half)) for sign in (-1, 1)]
    assert module._in_logits(float(area), float(expected), 29) == pytest.approx(ends)


@pytest.mark.parametrize(("area", "m", "n"), [(0.8, 12, 30), (1.0, 5, 20), (0.5, 40, 40), (0.0, 3, 3)])
def test_newcombes_ends_are_one_and_96_hundredths_standard_errors_away(area: float, m: int, n: int) -> None:
    star = (m + n) / 2 - 1
    for end in module._newcombe(area, m, n, 1.0):
        spread = end * (1 - end) / (m * n) * (1 + star * ((1 - end) / (2 - end) + end / (1 + end)))
        assert abs(end - area) == pytest.approx(1.959964 * math.sqrt(spread), abs=1e-6)


def test_two_eyes_that_are_one_give_nearly_the_interval_of_one() -> None:
    once = drawn(np.random.default_rng(1), 40, 60, 1.0)
    twice = Sides(np.repeat(once.positives, 2), np.repeat(once.scores, 2))
    single, of_patients, apart = auc_interval(once), auc_interval(twice, PAIRS), auc_interval(twice)
    assert single is not None and apart is not None
    assert of_patients == pytest.approx(single, abs=0.002)
    assert apart[1] - apart[0] < 0.75 * (single[1] - single[0])


@pytest.mark.parametrize(
    ("m", "n", "apart", "spread"),
    [(5, 195, 2.3, 1), (8, 292, 2.3, 1), (15, 185, 1.0, 1), (30, 170, 2.3, 2), (60, 240, 3.0, 1), (195, 5, 2.3, 1)],
)  # fmt: skip
def test_it_holds_the_truth_as_often_as_it_says_or_more(m: int, n: int, apart: float, spread: float) -> None:
    random, truth = np.random.default_rng(2), stats.norm.cdf(apart / math.sqrt(1 + spread**2))
    found = [auc_interval(drawn(random, m, n, apart, spread)) for _ in range(500)]
    assert np.mean([each is not None and each[0] <= truth <= each[1] for each in found]) >= 0.93


def test_it_does_so_too_where_eyes_go_together() -> None:
    random, truth, hits = np.random.default_rng(3), stats.norm.cdf(1 / math.sqrt(2)), 0
    for _ in range(500):
        patients = random.random(100) < 0.3
        shared = random.normal(size=100) * math.sqrt(0.7) + patients
        scores = np.repeat(shared, 2) + random.normal(size=200) * math.sqrt(0.3)
        found = auc_interval(Sides(np.repeat(patients, 2), scores), PAIRS)
        assert found is not None
        hits += found[0] <= truth <= found[1]
    assert 0.93 <= hits / 500 <= 0.985


def test_one_side_alone_has_none_and_a_perfect_order_has_one() -> None:
    assert auc_interval(Sides(np.array([True, True]), np.array([0.1, 0.2]))) is None
    perfect = auc_interval(Sides(np.array([True, True, False, False]), np.array([3.0, 2, 1, 0])))
    assert perfect is not None and perfect[0] < 0.7 and perfect[1] == 1
    lonely = auc_interval(Sides(np.array([True, False]), np.array([0.1, 0.2])))
    assert lonely is not None and lonely[0] == 0 and lonely[1] > 0.6


def test_curves_tell_whether_their_intervals_count_groups() -> None:
    labels, scores = np.array([0, 0, 1, 1]), np.array([[0.9, 0.1], [0.6, 0.4], [0.7, 0.3], [0.2, 0.8]])
    given: list[tuple[list[str] | None, bool]] = [
        (None, False),
        (["a", "b", "c", "d"], False),
        (list("aabb"), True),
    ]
    for groups, expected in given:
        found = split_curves(labels, scores, scores.argmax(1), ["x", "y"], ordered=False, groups=groups)
        assert found.by_groups is expected
