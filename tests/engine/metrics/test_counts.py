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

from engine.metrics import counts

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
    """The true classes and the predictions that the matrix counts."""
    pairs = [
        (truth, predicted_as)
        for truth, row in enumerate(confusion)
        for predicted_as, count in enumerate(row)
        for _ in range(count)
    ]
    return [truth for truth, _ in pairs], [predicted_as for _, predicted_as in pairs]


def per_class(values: Any) -> list[float | None]:
    return [None if np.isnan(value) else pytest.approx(value, abs=1e-9) for value in values]


@given(counts_matrices())
@settings(deadline=None, max_examples=200, derandomize=True)
def test_equals_scikit_learn(confusion: Matrix) -> None:
    truths, predicted = images_of(confusion)
    if not truths:
        for metric in (counts.accuracy, counts.baseline, counts.balanced_accuracy, counts.macro_f1):
            assert metric(confusion) is None
        assert counts.quadratic_kappa(confusion) is None
        return
    labels = list(range(len(confusion)))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        precisions, recalls, f1s, _ = sk.precision_recall_fscore_support(
            truths, predicted, labels=labels, zero_division=np.nan
        )
        kappa = sk.cohen_kappa_score(truths, predicted, labels=labels, weights="quadratic")
        balanced = sk.balanced_accuracy_score(truths, predicted)
    assert list(counts.predictions_per_class(confusion)) == [predicted.count(label) for label in labels]
    assert list(counts.recalls(confusion)) == per_class(recalls)
    assert list(counts.precisions(confusion)) == per_class(precisions)
    assert list(counts.f1s(confusion)) == per_class(f1s)
    assert counts.accuracy(confusion) == pytest.approx(sk.accuracy_score(truths, predicted), abs=1e-9)
    assert counts.balanced_accuracy(confusion) == pytest.approx(balanced, abs=1e-9)
    assert counts.macro_f1(confusion) == pytest.approx(
        sk.f1_score(truths, predicted, average="macro", zero_division=0), abs=1e-9
    )
    assert counts.baseline(confusion) == pytest.approx(
        max(truths.count(label) for label in labels) / len(truths)
    )
    assert [counts.quadratic_kappa(confusion)] == per_class([kappa])


def test_an_always_one_class_predictor_on_the_labs_labels() -> None:
    confusion = [[count, 0, 0, 0, 0] for count in LAB_LABELS]
    assert counts.accuracy(confusion) == counts.baseline(confusion) == pytest.approx(0.7336, abs=5e-5)
    assert counts.balanced_accuracy(confusion) == pytest.approx(0.2)
    assert counts.recalls(confusion) == (1, 0, 0, 0, 0)
    assert counts.precisions(confusion) == (pytest.approx(0.7336, abs=5e-5), None, None, None, None)
    assert counts.predictions_per_class(confusion) == (7026, 0, 0, 0, 0)
    assert counts.quadratic_kappa(confusion) == 0


def test_kappa_counts_grades_that_were_never_seen() -> None:
    confusion = np.zeros((5, 5), dtype=int)
    confusion[0, 0], confusion[1, 4], confusion[4, 4] = 5, 1, 5
    assert counts.quadratic_kappa(confusion) == pytest.approx(1 - 9 * 11 / (5 * 96 + 1 * (5 + 54) + 5 * 80))


def test_undefined_is_none() -> None:
    assert counts.quadratic_kappa([[4]]) is None
    assert counts.quadratic_kappa([[4, 0], [0, 0]]) is None
    assert counts.recalls([[0, 0], [0, 0]]) == (None, None)
    assert counts.f1s([[4, 0, 0], [0, 0, 2], [0, 0, 0]]) == (1, 0, 0)
    assert counts.f1s([[4, 0], [0, 0]]) == (1, None)


def test_baseline_from_images_per_class() -> None:
    assert counts.baseline(LAB_LABELS) == pytest.approx(0.7336, abs=5e-5)
    assert counts.baseline([[1, 2], [0, 5]]) == 5 / 8
    assert counts.baseline([]) is None and counts.baseline([0, 0]) is None


@pytest.mark.parametrize("confusion", [[[1, 2]], [1, 2], [], [[0.5]], [[-1]]])
def test_what_is_no_confusion_matrix(confusion: Any) -> None:
    with pytest.raises(ValueError, match="confusion matrix"):
        counts.accuracy(confusion)


def test_importing_needs_no_heavy_library() -> None:
    heavy = "{'numpy', 'scipy', 'sklearn', 'pandas', 'torch'}"
    imports = "engine.metrics.catalogue, engine.metrics.selection, engine.analysis.verdict"
    code = f"import sys, {imports}; print({heavy} & set(sys.modules))"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "set()"
