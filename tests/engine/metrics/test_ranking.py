"""Ranking, calibration and group accuracies against scikit-learn or the definition written out."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics as sk

from engine.metrics.calibration import BINS, calibration_error
from engine.metrics.group_accuracy import GroupAccuracy, accuracy_by_group, seen_groups
from engine.metrics.ranking import (
    SPECIFICITIES_PERCENT,
    auc_referable,
    predicted_referable,
    referable_scores,
    sensitivity_at,
)
from engine.metrics.selection import selection_problem, split_of

EXAMPLES = settings(deadline=None, max_examples=200, derandomize=True)
Images = list[tuple[int, int]]
graded = st.lists(st.tuples(st.integers(0, 4), st.integers(0, 8)), max_size=60)
"""Grades, and scores in eighths: ties are common, and either side may be empty."""


def columns(images: Images) -> tuple[list[int], list[float], list[bool]]:
    """Grades, scores, and which images are referable."""
    grades = [grade for grade, _ in images]
    return grades, [eighths / 8 for _, eighths in images], [grade >= 2 for grade in grades]


@given(graded)
@EXAMPLES
def test_auc_equals_scikit_learn(images: Images) -> None:
    grades, scores, referable = columns(images)
    expected = None
    if len(set(referable)) == 2:
        expected = pytest.approx(sk.roc_auc_score(referable, scores), abs=1e-9)
    assert auc_referable(grades, scores) == expected


@given(graded, st.sampled_from([*SPECIFICITIES_PERCENT, 1, 50, 99]))
@EXAMPLES
def test_sensitivity_is_the_best_of_scikit_learns_curve(images: Images, percent: int) -> None:
    grades, scores, referable = columns(images)
    expected = None
    if len(set(referable)) == 2:
        false_alarms, found, _ = sk.roc_curve(referable, scores, drop_intermediate=False)
        allowed = false_alarms <= 1 - percent / 100 + 1e-12
        expected = pytest.approx(found[allowed].max(), abs=1e-9)
    assert sensitivity_at(grades, scores, percent) == expected


@given(st.integers(3, 6).flatmap(lambda size: st.lists(
    st.lists(st.sampled_from([0, 0, 1, 7, 30]), min_size=size, max_size=size), min_size=size, max_size=size
)))  # fmt: skip
@EXAMPLES
def test_the_predictions_sensitivity_and_specificity_equal_scikit_learns_recalls(
    confusion: list[list[int]],
) -> None:
    cells = [(i, j) for i, row in enumerate(confusion) for j, count in enumerate(row) for _ in range(count)]
    truths, predictions = [i >= 2 for i, _ in cells], [j >= 2 for _, j in cells]
    expected = [
        pytest.approx(sk.recall_score(truths, predictions, pos_label=side), abs=1e-9)
        if side in truths
        else None
        for side in (True, False)
    ]
    assert list(predicted_referable(confusion)) == expected


def test_what_cannot_be_ranked_is_none() -> None:
    for grades, scores in (([], []), ([0, 1], [0.1, 0.2]), ([2, 4], [0.1, 0.2]), ([0, 3], [0.1, math.nan])):
        assert auc_referable(grades, scores) is None and sensitivity_at(grades, scores, 93) is None
    assert auc_referable([0, 3], [-math.inf, math.inf]) == 1
    with pytest.raises(ValueError, match="one score for each label"):
        auc_referable([0, 2, 3], [0.1, 0.2])


def test_a_grade_is_its_own_score_and_probabilities_are_summed() -> None:
    probabilities = np.array([[0.5, 0.25, 0.125, 0.125], [0.25, 0.25, 0.25, 0.25]], dtype=np.float32)
    assert referable_scores(probabilities).tolist() == [0.25, 0.5]
    assert referable_scores(np.array([[0.3], [3.1]])).tolist() == [0.3, 3.1]
    assert predicted_referable([[1, 0, 0], [0, 0, 0], [0, 1, 0]]) == (0, 1)
    assert auc_referable([0, 2], [0.3, 1.4]) == sensitivity_at([0, 2], [0.3, 1.4], 98) == 1


@given(st.lists(st.tuples(st.booleans(), st.one_of(st.floats(0, 1), st.integers(0, 15).map(lambda n: n / 15))),
                max_size=60))  # fmt: skip
@EXAMPLES
def test_calibration_error_by_its_definition(images: list[tuple[bool, float]]) -> None:
    expected = 0.0
    edges = np.linspace(0, 1, BINS + 1)
    for number in range(BINS):
        low, high = (edges[number], edges[number + 1]) if number else (-1.0, edges[1])
        inside = [(hit, value) for hit, value in images if low < value <= high]
        if inside:
            accuracy = sum(hit for hit, _ in inside) / len(inside)
            confidence = sum(value for _, value in inside) / len(inside)
            expected += len(inside) / len(images) * abs(accuracy - confidence)
    found = calibration_error([hit for hit, _ in images], [value for _, value in images])
    assert found == (pytest.approx(expected, abs=1e-9) if images else None)


def test_calibration_error_of_known_networks() -> None:
    # Always .8 sure and right four times of five: calibrated. Always sure and right half the time: off by half.
    assert calibration_error([1, 1, 1, 1, 0], [0.8] * 5) == pytest.approx(0, abs=1e-12)
    assert calibration_error([True, False], [1.0, 1.0]) == 0.5
    assert calibration_error([True], [math.nan]) is None
    with pytest.raises(ValueError, match="one confidence for each prediction"):
        calibration_error([True], [0.5, 0.5])


@given(st.lists(st.tuples(st.booleans(), st.booleans()), max_size=30))
@EXAMPLES
def test_accuracies_by_group_are_the_parts_of_the_whole(images: list[tuple[bool, bool]]) -> None:
    found = accuracy_by_group([right for right, _ in images], [seen for _, seen in images])
    for wanted, count, accuracy in (
        (True, found.seen_images, found.seen_accuracy),
        (False, found.unseen_images, found.unseen_accuracy),
    ):
        hits = [right for right, seen in images if seen is wanted]
        assert count == len(hits)
        assert accuracy == (pytest.approx(np.mean(hits), abs=1e-12) if hits else None)


def test_a_group_is_seen_where_a_member_is_trained_on() -> None:
    groups = ("p1", "p1", "p2", "p2", "p3")
    assert seen_groups(None, [1, 3], [0]) is None
    seen = seen_groups(groups, [1, 3, 4], [0, 2])
    assert seen is not None and seen.tolist() == [True, True, False]
    assert accuracy_by_group([True, False, True], seen) == GroupAccuracy(2, 1, 0.5, 1)
    with pytest.raises(ValueError, match="one prediction for each image"):
        accuracy_by_group([True], seen)


def test_what_data_cannot_choose_an_epoch_by_is_said_with_what_to_do() -> None:
    assert split_of("val_balanced_acc") == "val"
    assert selection_problem("test_kappa", has_val=False, ordered=True) is None
    assert selection_problem("val_acc", has_val=True, ordered=False) is None
    without_val = selection_problem("val_acc", has_val=False, ordered=True)
    assert without_val and without_val.line == "select_on: val_acc needs a val split: give val_fraction 0.1"
    unordered = selection_problem("val_kappa", has_val=True, ordered=False)
    choose = "choose select_on val_acc, select_on val_balanced_acc, or ordered on if they are grades"
    assert unordered and unordered.line == f"select_on: val_kappa needs ordered classes: {choose}"
    graded = selection_problem("test_auc", has_val=False, ordered=True, gives_grade=True)
    assert graded is not None and "needs probabilities" in graded.line
    assert graded.line.endswith("select_on test_acc, or select_on test_balanced_acc")
    lacking = selection_problem("val_auc", has_val=True, ordered=True, empty_classes=("3",))
    assert lacking is not None and "val images of every class, and 3 has none" in lacking.line
    for metric in ("mcc", "cohen_kappa", "acc"):
        assert (
            selection_problem(
                f"test_{metric}", has_val=False, ordered=False, gives_grade=True, empty_classes=("3",)
            )
            is None
        )
