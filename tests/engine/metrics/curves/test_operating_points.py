"""Thresholds for a sensitivity or specificity, against trying all of them."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.metrics.curves.operating_point import Wished, choose_threshold, operating_point
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
