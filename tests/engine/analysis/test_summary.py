"""Summary of several values: against SciPy and by hand, and where parts are not defined."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from engine.analysis.summary import Summary, summarise

MILLIONTHS = st.integers(0, 10**6).map(lambda count: count / 10**6)
"""Shares of images: no floats so small that their squares vanish."""
SHARES = st.lists(MILLIONTHS, min_size=3, max_size=20, unique=True)


def test_five_accuracies_by_hand() -> None:
    found = summarise([0.90, 0.92, 0.88, 0.91, 0.89])
    assert (found.n, found.missing) == (5, 0)
    assert found.mean == pytest.approx(0.90)
    assert found.sd == pytest.approx(math.sqrt(0.001 / 4))
    assert found.low == pytest.approx(0.90 - 2.776445 * found.sd / math.sqrt(5), abs=1e-7)
    assert found.high == pytest.approx(0.90 + 2.776445 * found.sd / math.sqrt(5), abs=1e-7)


@given(SHARES)
def test_the_interval_is_that_of_scipy(values: list[float]) -> None:
    found = summarise(values)
    low, high = stats.t.interval(0.95, len(values) - 1, loc=found.mean, scale=stats.sem(values))
    assert (found.low, found.high) == pytest.approx((low, high), rel=1e-9, abs=1e-12)


def test_different_splits_widen_the_interval_as_nadeau_and_bengio_have_it() -> None:
    values = [0.7, 0.75, 0.8, 0.72]
    alone, splits = summarise(values), summarise(values, overlap=0.25)
    assert alone.high is not None and splits.high is not None and alone.mean is not None
    assert (splits.high - alone.mean) / (alone.high - alone.mean) == pytest.approx(math.sqrt(1 + 4 * 0.25))
    assert (splits.mean, splits.sd) == (alone.mean, alone.sd)


def test_what_is_not_defined_is_absent() -> None:
    assert summarise([]) == Summary(0)
    assert summarise([None, math.nan]) == Summary(0, missing=2)
    assert summarise([0.5]) == Summary(1, 0.5)
    assert summarise([0.5, None, math.inf]) == Summary(1, 0.5, missing=2)


def test_equal_values_have_no_interval() -> None:
    """Three runs that collapsed to the same class show no spread, which is not a spread of nothing."""
    found = summarise([0.435] * 3)
    assert found == Summary(3, 0.435, 0.0) and found.is_constant
    assert not summarise([0.435]).is_constant and not summarise([0.4, 0.5]).is_constant


def test_an_accuracy_does_not_reach_beyond_one() -> None:
    found = summarise([0.99, 1.0, 0.97], bounds=(0, 1))
    assert found.high == 1.0 and found.low is not None and 0.9 < found.low < 0.97
