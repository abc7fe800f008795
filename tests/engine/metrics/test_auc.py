"""AUC of one class against the rest: scikit-learn's, with ties and classes without images, and quick."""

import math
import time
import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import roc_auc_score

from engine.metrics.auc import auc, auc_per_class, macro_auc
from engine.metrics.evaluation import Evaluation

EXAMPLES = settings(deadline=None, max_examples=60, derandomize=True)
Case = tuple[int, list[tuple[int, list[int]]]]


def evaluation_of(labels: list[int], scores: np.ndarray, classes: int) -> Evaluation:
    predictions = scores.argmax(1) if scores.shape[1] > 1 else scores[:, 0].round().clip(0, classes - 1)
    confusion = np.zeros((classes, classes), dtype=np.int64)
    np.add.at(confusion, (labels, predictions.astype(int)), 1)
    return Evaluation(confusion, predictions, np.array(labels, dtype=np.int64), scores, None, 1.0, 0.0)


def cases() -> st.SearchStrategy[Case]:
    """Classes, and images with a label and weights of few different values: ties and empty classes are common."""
    return st.integers(2, 5).flatmap(
        lambda classes: st.tuples(
            st.just(classes),
            st.lists(
                st.tuples(
                    st.integers(0, classes - 1),
                    st.lists(st.integers(1, 4), min_size=classes, max_size=classes),
                ),
                min_size=1,
                max_size=30,
            ),
        )
    )


def softmax_of(case: Case) -> tuple[list[int], np.ndarray]:
    weights = np.array([weights for _, weights in case[1]], dtype=np.float64)
    return [label for label, _ in case[1]], weights / weights.sum(axis=1, keepdims=True)


def expected(labels: list[int], scores: np.ndarray, classes: int) -> float | None:
    """Scikit-learn's; where it says that it is undefined, None."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        if classes == 2:
            value = roc_auc_score(labels, scores[:, 1]) if len(set(labels)) == 2 else math.nan
        elif len(set(labels)) < 2:
            return None
        else:
            value = roc_auc_score(labels, scores, multi_class="ovr", average="macro", labels=range(classes))
    return None if math.isnan(value) else pytest.approx(value, abs=1e-9)


@given(cases())
@EXAMPLES
def test_it_equals_scikit_learn(case: Case) -> None:
    labels, scores = softmax_of(case)
    assert macro_auc(evaluation_of(labels, scores, case[0])) == expected(labels, scores, case[0])


@given(cases())
@EXAMPLES
def test_each_class_against_the_rest_equals_scikit_learn(case: Case) -> None:
    labels, scores = softmax_of(case)
    found = auc_per_class(evaluation_of(labels, scores, case[0]))
    assert found is not None
    for label, value in enumerate(found):
        is_class = [each == label for each in labels]
        if len(set(is_class)) == 1:
            assert value is None
        else:
            assert value == pytest.approx(roc_auc_score(is_class, scores[:, label]), abs=1e-9)


def test_a_grade_ranks_two_classes_and_no_more() -> None:
    grades = np.array([[0.1], [0.4], [0.3], [0.9]])
    two = evaluation_of([0, 0, 1, 1], grades, 2)
    assert macro_auc(two) == 0.75 and auc_per_class(two) == (0.75, 0.75)
    three = evaluation_of([0, 1, 2, 2], grades, 3)
    assert macro_auc(three) is None and auc_per_class(three) is None


def test_what_cannot_be_ranked_is_none() -> None:
    assert auc([], [1.0]) is None and auc([1.0], []) is None
    assert auc([math.nan], [0.0]) is None and auc([0.0], [math.nan, 1.0]) is None
    assert auc([math.inf], [-math.inf]) == 1


def test_a_test_split_of_the_labs_size_takes_milliseconds() -> None:
    """7,026 images of five classes: the best of several, for others use this machine too."""
    draw = np.random.default_rng(0)
    labels = draw.choice(5, 7026, p=[0.73, 0.07, 0.15, 0.03, 0.02]).tolist()
    evaluation = evaluation_of(labels, draw.dirichlet(np.ones(5), 7026).astype(np.float32), 5)
    times = []
    for _ in range(5):
        began = time.process_time()
        assert macro_auc(evaluation) is not None
        times.append(time.process_time() - began)
    assert min(times) < 0.05
