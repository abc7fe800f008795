"""Thresholds for a sensitivity or specificity, against trying all of them."""

import math

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.metrics.curves.operating_point import Rate, choose_threshold
from engine.metrics.curves.target import Sides

EXAMPLES = settings(deadline=None, max_examples=100, derandomize=True)
IMAGES = st.lists(st.tuples(st.booleans(), st.integers(0, 6)), min_size=2, max_size=40)


@EXAMPLES
@given(IMAGES, st.sampled_from(["sensitivity", "specificity"]), st.sampled_from([0.5, 0.75, 0.9, 1.0]))
def test_no_other_threshold_is_better(images: list[tuple[bool, int]], wished: Rate, value: float) -> None:
    sides = Sides(np.array([side for side, _ in images]), np.array([score / 6 for _, score in images]))
    threshold = choose_threshold(sides, wished, value)
    if len({side for side, _ in images}) < 2:
        assert threshold is None
        return
    assert threshold is not None
    tried = [worth(sides, each) for each in (*(number / 6 for number in range(7)), math.inf)]
    other = "specificity" if wished == "sensitivity" else "sensitivity"
    found = worth(sides, threshold)
    assert found[wished] >= value - 1e-9
    assert found[other] == max(each[other] for each in tried if each[wished] >= value - 1e-9)


def worth(sides: Sides, threshold: float) -> dict[str, float]:
    called = sides.scores >= threshold
    return {
        "sensitivity": float(called[sides.positives].mean()),
        "specificity": float((~called)[~sides.positives].mean()),
    }
