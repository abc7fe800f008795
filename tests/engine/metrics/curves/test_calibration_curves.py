"""Reliability in the bins of the calibration error, and histograms of scores."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.calibration import calibration_curve

from engine.metrics.calibration import BINS, calibration_error
from engine.metrics.curves.reliability import reliability
from engine.metrics.curves.score_histogram import score_histogram

EXAMPLES = settings(deadline=None, max_examples=100, derandomize=True)


@EXAMPLES
@given(st.lists(st.tuples(st.booleans(), st.floats(0, 1)), min_size=1, max_size=60))
def test_the_bins_add_up_to_the_calibration_error(images: list[tuple[bool, float]]) -> None:
    true, said = (np.array(each) for each in zip(*images, strict=True))
    found = reliability(true, said)
    assert found is not None and len(found.bins) == BINS
    assert sum(each.images for each in found.bins) == len(images)
    gaps = [each.images * abs((each.true or 0) - (each.said or 0)) for each in found.bins]
    assert sum(gaps) / len(images) == pytest.approx(found.error, abs=1e-12)
    assert found.error == calibration_error(true, said)
    for each in found.bins:
        if each.images:
            assert each.said is not None and each.low - 1e-12 <= each.said <= each.high + 1e-12
        else:
            assert each.said is None and each.true is None


def test_it_is_scikit_learns_curve() -> None:
    random = np.random.default_rng(0)
    said = random.random(500)
    true = random.random(500) < said**2
    found = reliability(true, said)
    shares, means = calibration_curve(true, said, n_bins=BINS)
    assert found is not None
    assert [each.true for each in found.bins if each.images] == pytest.approx(shares.tolist())
    assert [each.said for each in found.bins if each.images] == pytest.approx(means.tolist())


def test_edges_belong_to_the_bin_below_and_zero_to_the_first() -> None:
    found = reliability([True, False, True], [0.0, 1 / 15, 1.0])
    assert found is not None
    assert [each.images for each in found.bins] == [2] + [0] * 13 + [1]


def test_undefined_is_none() -> None:
    assert reliability([], []) is None and reliability([True], [np.nan]) is None
    assert score_histogram([], []) is None and score_histogram([True], [np.inf]) is None


def test_a_histogram_counts_each_image_once_and_grades_beyond_the_ends_at_the_ends() -> None:
    found = score_histogram([True, True, False, False], [-0.3, 4.7, 2.0, 4.0], highest=4)
    assert found is not None
    assert (found.edges[0], found.edges[-1], len(found.edges)) == (0, 4, 21)
    assert (found.inside[0], found.inside[-1], sum(found.inside)) == (1, 1, 2)
    assert (found.others[10], found.others[-1], sum(found.others)) == (1, 1, 2)
