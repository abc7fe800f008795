"""Test sets: the same, different, or not known to be either."""

from typing import Any

import numpy as np
import pytest

from engine.analysis import test_sets
from engine.analysis.comparison.sides import RunPredictions, Side
from engine.analysis.comparison.splits import split_test
from engine.spec.grid import make_spec


def made(
    fingerprint: str | None = "f", digest: str = "", counts: tuple[int, ...] = (3, 4), **settings: Any
) -> test_sets.TestSet:
    return test_sets.test_set(make_spec({"data": "eyes", **settings}), counts, fingerprint, digest)


@pytest.mark.parametrize(
    ("other", "same"),
    [
        (made(), True),
        (made(test_fraction=0.3), True),  # as many images: of the data's own split, or drawn by the same seed
        (made(counts=(4, 3)), False),
        (made(split_seed=1), None),  # of data with their own test split they are the same
        (made(split_seed=1, counts=(4, 3)), False),
        (made("g", split_seed=1), False),
        (made(folds=2, fold=1), False),
        (made("g"), False),
        (made(None), None),
        (made(""), None),
        (made(None, split_seed=1), None),
        (made(counts=()), None),
    ],
)
def test_without_names_data_draw_and_counts_tell(other: test_sets.TestSet, same: bool | None) -> None:
    assert made().is_same(other) is same and other.is_same(made()) is same


def test_names_and_labels_tell_where_both_are_known() -> None:
    one = test_sets.digest_of(["a", "b"], [0, 1])
    assert one == test_sets.digest_of(["b", "a"], [1, 0])
    relabelled, renamed = test_sets.digest_of(["a", "b"], [1, 1]), test_sets.digest_of(["a", "c"], [0, 1])
    assert made("f", one).is_same(made("g", one, split_seed=3)) is True
    assert made("f", one).is_same(made("f", relabelled)) is False
    assert made("f", one).is_same(made("f", renamed)) is False


def test_splits_that_were_drawn_in_the_same_way() -> None:
    one = made(split_seed=1)
    assert one.is_drawn_alike(made(split_seed=2)) is True
    assert one.is_drawn_alike(made(split_seed=2, test_fraction=0.3)) is False
    assert one.is_drawn_alike(made("g")) is False and one.is_drawn_alike(made(None)) is None
    folds = made(folds=5, fold=1)
    assert folds.is_drawn_alike(made(folds=5, fold=1, split_seed=3)) is True
    assert folds.is_drawn_alike(made(folds=4, fold=1)) is False


def test_all_are_the_same_only_where_each_pair_is() -> None:
    assert (
        test_sets.all_same([]) is test_sets.all_same([made()]) is test_sets.all_same([made(), made()]) is True
    )
    assert test_sets.all_same([made(), made(None)]) is test_sets.all_same([made(None), made(None)]) is None
    assert test_sets.all_same([made(), made(None), made("g")]) is False


def side(labels: list[np.ndarray]) -> Side:
    """Return a side of a run for each split, all predictions of class 0."""
    names = [("a", "b", "c"), ("b", "c", "d"), ("c", "d", "e")]
    predicted = np.zeros(3, np.int64)
    runs = [
        RunPredictions(number, 1, split, truth, predicted[None], predicted, "val_acc", False)
        for number, (split, truth) in enumerate(zip(names, labels, strict=True))
    ]
    return Side("#1", tuple(runs))


def test_splits_whose_labels_were_changed_are_not_common_to_two_recipes() -> None:
    labels = [np.array([0, 1, 0]), np.array([1, 0, 0]), np.array([0, 0, 1])]
    assert split_test(side(labels), side(labels)) is not None
    assert split_test(side(labels), side([1 - labels[0], *labels[1:]])) is None
