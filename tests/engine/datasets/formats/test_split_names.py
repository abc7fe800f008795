"""Names of splits in every usual form, and class names that have such a word in them."""

import pytest

from engine.datasets.formats.split_names import (
    is_like_split,
    split_class_names,
    split_in_name,
    splits_of,
)


@pytest.mark.parametrize(
    ("train", "val", "test"),
    [
        ("train", "val", "test"),
        ("training", "validation", "testing"),
        ("TRAIN", "Valid", "TEST"),
        ("training_set", "validation_set", "test_set"),
        ("TrainSet", "ValidSet", "TestSet"),
        ("trainset", "valset", "testset"),
        ("train-images", "dev-images", "test-images"),
        ("trainImages", "valImages", "testImages"),
        ("train data", "dev data", "test data"),
        ("a. Training Set", "b. Validation Set", "c. Testing Set"),
        ("1_train", "2_val", "3_test"),
        ("train2017", "val2017", "test2017"),
        ("train1", "val1", "test1"),
        ("trainval", "development", "test (1)"),
        ("seg_train", "seg_val", "seg_test"),
        ("flowers-train", "flowers-valid", "flowers-test"),
        ("trn", "val", "tst"),
        ("tr", "va", "te"),
        ("Tr", "Va", "Ts"),
        ("train", "val", "holdout"),
        ("train", "val", "hold-out"),
        ("train", "val", "held_out"),
        ("training", "validation", "evaluation"),
        ("train", "val", "eval"),
    ],
)
def test_names_of_splits(train: str, val: str, test: str) -> None:
    assert splits_of([train, val, test]) == {train: "train", val: "val", test: "test"}


@pytest.mark.parametrize(
    "names",
    [
        ["cat", "dog", "test tube"],
        ["train station", "bus station"],
        ["trains", "planes"],
        ["latest", "oldest"],
        ["contest", "protest"],
        ["restrain", "strain"],
        ["invalid", "evaluated"],
        ["device", "devil"],
        ["seg_train"],
        ["tr", "us"],
        ["te", "ts"],
        ["test tube", "train station", "validation stamp"],
    ],
)
def test_class_names_that_only_have_such_a_word_in_them(names: list[str]) -> None:
    assert splits_of(names) == {}


def test_a_plain_name_beats_a_longer_one() -> None:
    names = ["train", "test", "train_small", "test_small", "train_masks"]
    assert splits_of(names) == {"train": "train", "test": "test"}


def test_a_holdout_beside_a_test_folder_is_no_split() -> None:
    assert splits_of(["train", "test", "holdout"]) == {"train": "train", "test": "test"}
    assert is_like_split("holdout") and is_like_split("Test_2") and not is_like_split("test tube")


def test_names_with_a_class_and_a_split_in_one() -> None:
    both = ["cat_test", "cat_train", "dog_test", "dog_train"]
    assert split_class_names(both) == both and splits_of(both) == {}
    assert split_class_names(["seg_train", "seg_test"]) == []
    assert split_class_names(["train station", "test tube"]) == []


@pytest.mark.parametrize(
    ("stem", "split"),
    [
        ("train", "train"),
        ("testLabels", "test"),
        ("my_train_set", "train"),
        ("val_annotations", "val"),
        ("a. Training Set", "train"),
        ("trainImages", "train"),
        ("train_test", None),
        ("labels", None),
        ("latest", None),
    ],
)
def test_splits_in_the_names_of_tables(stem: str, split: str | None) -> None:
    assert split_in_name(stem) == split
