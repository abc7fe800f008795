"""Metrics of ordered classes from a confusion matrix alone, and with scores."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from engine.metrics.catalogue import values_of
from engine.metrics.class_order import metrics_of_order, values_in_order
from engine.metrics.evaluation import Evaluation

RANKED = {"auc_referable", "sensitivity_referable_at_93", "sensitivity_referable_at_98"}
MATRICES = st.integers(2, 5).flatmap(
    lambda size: arrays.arrays(np.int64, (size, size), elements=st.integers(0, 6))
)


def test_the_metrics_that_need_an_order() -> None:
    keys = {each.key for each in metrics_of_order()}
    counted = {"kappa", "val_kappa", "eval_train_kappa", "sensitivity_referable", "specificity_referable"}
    assert keys == counted | RANKED


@given(MATRICES, st.integers(0, 2**32 - 1))
def test_they_are_those_of_an_evaluation_in_order(matrix: np.ndarray, seed: int) -> None:
    random = np.random.default_rng(seed)
    labels, predicted = (np.repeat(each, matrix.ravel()) for each in np.indices(matrix.shape).reshape(2, -1))
    scores = random.dirichlet(np.ones(len(matrix)), len(labels)).astype(np.float32)
    measured = Evaluation(matrix, predicted, labels, scores, None, 1.0, 0.0, ordered=True)
    expected = {
        key: value for key, value in values_of(measured, "test").items() if "kappa" in key or "ref" in key
    }
    expected.pop("cohen_kappa")
    assert values_in_order(matrix, labels, scores) == expected
    without = values_in_order(matrix)
    assert without == {key: None if key in RANKED else value for key, value in expected.items()}


def test_grades_rank_as_they_are() -> None:
    labels, grades = np.array([0, 1, 2, 3]), np.array([[0.1], [2.4], [1.9], [3.0]], np.float32)
    matrix = np.diag([1, 0, 1, 1])
    matrix[1, 2] = 1
    assert values_in_order(matrix, labels, grades)["auc_referable"] == 0.75
    with pytest.raises(ValueError, match="a confusion matrix is square"):
        values_in_order([[1, 2]])
