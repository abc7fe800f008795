"""Metrics from counts against scikit-learn's from the images themselves."""

import subprocess
import sys
import warnings
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics as sk

from engine.analysis import metrics

LAB_LABELS = (5154, 488, 1082, 175, 127)
Matrix = list[list[int]]


def counts_matrices(smallest: int = 1) -> st.SearchStrategy[Matrix]:
    """Square matrices in which empty rows, columns and whole matrices are common."""
    cell = st.one_of(st.just(0), st.integers(0, 40))
    return st.integers(smallest, 6).flatmap(
        lambda size: st.lists(
            st.one_of(st.just([0] * size), st.lists(cell, min_size=size, max_size=size)),
            min_size=size,
            max_size=size,
        )
    )


def images_of(confusion: Matrix) -> tuple[list[int], list[int]]:
    """The true classes and the answers that the matrix counts."""
    pairs = [
        (truth, answer)
        for truth, row in enumerate(confusion)
        for answer, count in enumerate(row)
        for _ in range(count)
    ]
    return [truth for truth, _ in pairs], [answer for _, answer in pairs]


def per_class(values: Any) -> list[float | None]:
    return [None if np.isnan(value) else pytest.approx(value, abs=1e-9) for value in values]


@given(counts_matrices())
@settings(deadline=None, max_examples=200, derandomize=True)
def test_equals_scikit_learn(confusion: Matrix) -> None:
    truths, answered = images_of(confusion)
    ours = metrics.class_metrics(confusion)
    if not truths:
        assert (ours.accuracy, ours.baseline, ours.balanced_accuracy, ours.macro_f1) == (None,) * 4
        assert metrics.quadratic_kappa(confusion) is None
        return
    labels = list(range(len(confusion)))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        precisions, recalls, f1s, support = sk.precision_recall_fscore_support(
            truths, answered, labels=labels, zero_division=np.nan
        )
        kappa = sk.cohen_kappa_score(truths, answered, labels=labels, weights="quadratic")
        balanced = sk.balanced_accuracy_score(truths, answered)
    assert list(ours.labels) == list(support)
    assert list(ours.answers) == [answered.count(label) for label in labels]
    assert list(ours.recalls) == per_class(recalls)
    assert list(ours.precisions) == per_class(precisions)
    assert list(ours.f1s) == per_class(f1s)
    assert ours.accuracy == pytest.approx(sk.accuracy_score(truths, answered), abs=1e-9)
    assert ours.balanced_accuracy == pytest.approx(balanced, abs=1e-9)
    assert ours.macro_f1 == pytest.approx(
        sk.f1_score(truths, answered, average="macro", zero_division=0), abs=1e-9
    )
    assert ours.baseline == pytest.approx(max(truths.count(label) for label in labels) / len(truths))
    assert [metrics.quadratic_kappa(confusion)] == per_class([kappa])


def test_a_constant_answer_on_the_labs_labels() -> None:
    confusion = [[count, 0, 0, 0, 0] for count in LAB_LABELS]
    ours = metrics.class_metrics(confusion)
    assert ours.accuracy == ours.baseline == pytest.approx(0.7336, abs=5e-5)
    assert ours.balanced_accuracy == pytest.approx(0.2)
    assert ours.recalls == (1, 0, 0, 0, 0)
    assert ours.precisions == (pytest.approx(0.7336, abs=5e-5), None, None, None, None)
    assert ours.answers == (7026, 0, 0, 0, 0) and ours.labels == LAB_LABELS
    assert metrics.quadratic_kappa(confusion) == 0


def test_kappa_counts_grades_that_were_never_seen() -> None:
    confusion = np.zeros((5, 5), dtype=int)
    confusion[0, 0], confusion[1, 4], confusion[4, 4] = 5, 1, 5
    assert metrics.quadratic_kappa(confusion) == pytest.approx(1 - 9 * 11 / (5 * 96 + 1 * (5 + 54) + 5 * 80))


def test_undefined_is_none() -> None:
    assert metrics.quadratic_kappa([[4]]) is None
    assert metrics.quadratic_kappa([[4, 0], [0, 0]]) is None
    assert metrics.class_metrics([[0, 0], [0, 0]]).recalls == (None, None)
    assert metrics.f1s([[4, 0, 0], [0, 0, 2], [0, 0, 0]]) == (1, 0, 0)
    assert metrics.f1s([[4, 0], [0, 0]]) == (1, None)


def test_baseline_from_images_per_class() -> None:
    assert metrics.baseline(LAB_LABELS) == pytest.approx(0.7336, abs=5e-5)
    assert metrics.baseline([[1, 2], [0, 5]]) == 5 / 8
    assert metrics.baseline([]) is None and metrics.baseline([0, 0]) is None


@pytest.mark.parametrize("confusion", [[[1, 2]], [1, 2], [], [[0.5]], [[-1]]])
def test_what_is_no_confusion_matrix(confusion: Any) -> None:
    with pytest.raises(ValueError, match="confusion matrix"):
        metrics.accuracy(confusion)


def test_importing_needs_no_heavy_library() -> None:
    heavy = "{'numpy', 'scipy', 'sklearn', 'pandas', 'torch'}"
    rooms = ["metrics", "ranking", "calibration", "group_accuracy", "selection", "verdict"]
    imports = ", ".join(f"engine.analysis.{room}" for room in rooms)
    code = f"import sys, {imports}; print({heavy} & set(sys.modules))"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "set()"
