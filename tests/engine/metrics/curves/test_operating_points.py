"""Thresholds for a sensitivity or specificity, against trying all of them; intervals of an AUC, against resampling."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.metrics.curves.auc_interval import auc_interval
from engine.metrics.curves.operating_point import Wished, choose_threshold, operating_point
from engine.metrics.curves.ranked import rank
from engine.metrics.curves.roc import roc_curve
from engine.metrics.curves.target import Sides

EXAMPLES = settings(deadline=None, max_examples=100, derandomize=True)
IMAGES = st.lists(st.tuples(st.booleans(), st.integers(0, 6)), min_size=2, max_size=40)


@EXAMPLES
@given(IMAGES, st.sampled_from(["sensitivity", "specificity"]), st.sampled_from([0.5, 0.75, 0.9, 1.0]))
def test_no_other_threshold_is_better(images: list[tuple[bool, int]], wished: Wished, value: float) -> None:
    sides = Sides(np.array([side for side, _ in images]), np.array([score / 6 for _, score in images]))
    threshold = choose_threshold(sides, wished, value)
    if len({side for side, _ in images}) < 2:
        assert threshold is None
        return
    assert threshold is not None
    tried = [operating_point(sides, each) for each in (*(number / 6 for number in range(7)), math.inf)]
    reaching = [each for each in tried if (getattr(each, wished) or 0) >= value - 1e-9]
    other = "specificity" if wished == "sensitivity" else "sensitivity"
    found = operating_point(sides, threshold)
    assert getattr(found, wished) >= value - 1e-9
    assert getattr(found, other) == max(getattr(each, other) for each in reaching)


def test_the_counts_of_a_point() -> None:
    sides = Sides(np.array([True, True, False, False, False]), np.array([0.9, 0.2, 0.9, 0.4, 0.1]))
    point = operating_point(sides, 0.4)
    assert (point.found, point.missed, point.alarms, point.spared) == (1, 1, 2, 1)
    assert (point.sensitivity, point.specificity, point.ppv, point.npv) == pytest.approx(
        (1 / 2, 1 / 3, 1 / 3, 1 / 2)
    )
    none = operating_point(sides, math.inf)
    assert none.ppv is None and none.npv == pytest.approx(3 / 5)


def delong(labels: np.ndarray, scores: np.ndarray) -> float:
    """Variance, from the definition."""
    ups, downs = scores[labels], scores[~labels]
    wins = (ups[:, None] > downs[None]) + (ups[:, None] == downs[None]) / 2
    return float(wins.mean(1).var(ddof=1) / len(ups) + wins.mean(0).var(ddof=1) / len(downs))


def test_the_interval_is_delongs_in_logits() -> None:
    random = np.random.default_rng(0)
    labels = random.random(80) < 0.3
    scores = np.round(random.normal(size=80) + labels, 1)
    sides = Sides(labels, scores)
    ranked, found = rank(sides), auc_interval(sides)
    assert ranked is not None and found is not None
    area = roc_curve(ranked).area
    half = 1.959964 * math.sqrt(delong(labels, scores)) / (area * (1 - area))
    middle = math.log(area / (1 - area))
    assert found == pytest.approx([1 / (1 + math.exp(-(middle + sign * half))) for sign in (-1, 1)], abs=1e-6)
    assert auc_interval(sides, [str(number) for number in range(80)]) == pytest.approx(found)


def test_two_eyes_that_are_one_give_the_interval_of_one() -> None:
    random = np.random.default_rng(1)
    labels = random.random(100) < 0.4
    scores = random.normal(size=100) + labels
    once = auc_interval(Sides(labels, scores))
    twice = Sides(np.repeat(labels, 2), np.repeat(scores, 2))
    of_patients = auc_interval(twice, [str(number // 2) for number in range(200)])
    assert once is not None and of_patients == pytest.approx(once, abs=1e-9)
    apart = auc_interval(twice)
    assert apart is not None and apart[1] - apart[0] < 0.75 * (once[1] - once[0])


def test_it_covers_as_often_as_it_says_also_with_eyes_that_go_together() -> None:
    random, hits, truth = np.random.default_rng(2), 0, 0.7602499  # Φ(1/√2) of two unit normals one apart
    for _ in range(600):
        patients = random.random(60) < 0.4
        shared = random.normal(size=60) * math.sqrt(0.6)
        scores = np.repeat(shared + patients, 2) + random.normal(size=120) * math.sqrt(0.4)
        found = auc_interval(
            Sides(np.repeat(patients, 2), scores), [str(number // 2) for number in range(120)]
        )
        assert found is not None
        hits += found[0] <= truth <= found[1]
    assert 0.925 <= hits / 600 <= 0.975


@pytest.mark.parametrize(
    ("labels", "scores"),
    [
        ([True, True], [0.1, 0.2]),
        ([True, False], [0.1, 0.2]),
        ([True, True, False, False], [3, 2, 1, 0]),
    ],
)
def test_without_a_variance_there_is_no_interval(labels: list[bool], scores: list[float]) -> None:
    assert auc_interval(Sides(np.array(labels), np.array(scores, float))) is None
