"""Matthews correlation and Cohen's kappa against scikit-learn's from the images themselves."""

import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics as sk

from engine.metrics.agreement import cohen_kappa, matthews_correlation

Matrix = list[list[int]]
cell = st.one_of(st.just(0), st.integers(0, 30))
matrices = st.integers(2, 5).flatmap(
    lambda size: st.lists(st.lists(cell, min_size=size, max_size=size), min_size=size, max_size=size)
)


@given(matrices)
@settings(deadline=None, max_examples=80, derandomize=True)
def test_they_equal_scikit_learn_where_they_are_defined(confusion: Matrix) -> None:
    counts = np.array(confusion)
    labels, predictions = (
        np.repeat(place, counts.ravel()) for place in map(np.ravel, np.indices(counts.shape))
    )
    is_varied = len(set(labels)) > 1 and len(set(predictions)) > 1
    if is_varied:
        assert matthews_correlation(confusion) == pytest.approx(
            sk.matthews_corrcoef(labels, predictions), abs=1e-9
        )
    else:
        assert matthews_correlation(confusion) is None
    if set(labels) | set(predictions) in (set(), {0}, {1}, {2}, {3}, {4}):
        assert cohen_kappa(confusion) is None
        return
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        kappa = sk.cohen_kappa_score(labels, predictions)
    assert cohen_kappa(confusion) == pytest.approx(kappa, abs=1e-9)


def test_an_always_one_class_predictor_agrees_by_chance_alone() -> None:
    collapsed = [[90, 0, 0], [8, 0, 0], [2, 0, 0]]
    assert cohen_kappa(collapsed) == 0 and matthews_correlation(collapsed) is None
    assert cohen_kappa([[4, 0], [0, 4]]) == matthews_correlation([[4, 0], [0, 4]]) == 1
    assert matthews_correlation([[0, 4], [4, 0]]) == -1


def test_a_million_images_of_a_class_overflow_nothing() -> None:
    large = [[10**6, 1], [1, 10**6]]
    assert matthews_correlation(large) == pytest.approx(1 - 2e-6, abs=1e-9)
    assert cohen_kappa(large) == pytest.approx(1 - 2e-6, abs=1e-9)
