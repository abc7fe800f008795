"""Folds of a cross-validation and splits by seed: whole groups, fair shares, every image tested on once."""

from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from indexes import index_builtin, kinds, survey
from pictures import class_folders, lab_csvs

from engine.datasets.index import LEFT_OUT, Index
from engine.datasets.packed import pack
from engine.datasets.pixels.content import image_hashes
from engine.datasets.pixels.decode import Look
from engine.datasets.provenance import find_leak, trained_on
from engine.datasets.source import index_data
from engine.datasets.splits import draw_folds
from engine.files.paths import Home
from engine.spec.grid import expand_grid, make_spec

GROUPED = st.lists(st.tuples(st.integers(0, 3), st.integers(0, 40)), min_size=2, max_size=200)
FOLDS = st.integers(2, 7)


def folds_of(table: list[tuple[int, int]], folds: int, seed: str = "s") -> dict[int, int]:
    labels, groups = [label for label, _ in table], [str(group) for _, group in table]
    return draw_folds(range(len(table)), labels, groups, folds, seed)


TRAIN, TEST = (0, 1, 2) * 4, (0, 1, 2)


def index_of(data: str, **more: object) -> Index:
    return index_data(Home.find(Path("nowhere")), make_spec({"data": data, "epochs": 1, **more}))


@settings(max_examples=200, deadline=None)
@given(GROUPED, FOLDS)
def test_every_image_is_in_one_fold_and_no_group_in_two(table: list[tuple[int, int]], folds: int) -> None:
    found = folds_of(table, folds)
    assert sorted(found) == list(range(len(table)))
    assert set(found.values()) <= set(range(1, folds + 1))
    assert len({(table[row][1], fold) for row, fold in found.items()}) == len({group for _, group in table})


@settings(max_examples=200, deadline=None)
@given(st.lists(st.integers(0, 3), min_size=2, max_size=120), FOLDS)
def test_images_that_are_alone_are_shared_out_to_one_more_or_less(labels: list[int], folds: int) -> None:
    """Of each class every fold has its share, up to one image."""
    found = folds_of([(label, row) for row, label in enumerate(labels)], folds)
    for label, size in Counter(labels).items():
        counts = Counter(fold for row, fold in found.items() if labels[row] == label)
        assert all(abs(counts[fold] - size / folds) < 1 for fold in range(1, folds + 1))


@settings(max_examples=100, deadline=None)
@given(GROUPED, FOLDS)
def test_each_fold_has_an_image_of_a_class_that_is_in_enough_groups(
    table: list[tuple[int, int]], folds: int
) -> None:
    table = [(group % 4, group) for _, group in table]
    found = folds_of(table, folds)
    for label in {label for label, _ in table}:
        if len({group for each, group in table if each == label}) < folds:
            continue
        assert {fold for row, fold in found.items() if table[row][0] == label} == set(range(1, folds + 1))


def test_pairs_of_eyes_are_shared_out_evenly() -> None:
    table = [(patient % 5 if patient % 3 else 0, patient) for patient in range(500) for _ in range(2)]
    sizes = Counter(folds_of(table, 5).values())
    assert max(sizes.values()) - min(sizes.values()) <= 2


def test_all_folds_of_digits_test_each_image_once() -> None:
    indices = [index_of("digits", folds=5, fold=fold) for fold in range(1, 6)]
    tested = [row for index in indices for row in index.rows_of("test")]
    assert sorted(tested) == list(range(1797))
    assert len({index.fingerprint for index in indices}) == 1
    assert all(set(index.splits) == {"train", "test"} for index in indices)
    assert [index.splits for index in indices] == [
        index_of("digits", folds=5, fold=fold).splits for fold in range(1, 6)
    ]


def test_another_split_seed_gives_other_folds_and_another_split() -> None:
    for more in ({}, {"folds": 5, "fold": 1}):
        one, other = (index_of("digits", split_seed=seed, **more) for seed in (0, 1))
        assert one.splits != other.splits and one.fingerprint == other.fingerprint
        assert abs(one.splits.count("test") - other.splits.count("test")) <= 5


def test_split_seed_0_is_the_split_that_there_was() -> None:
    assert index_of("digits").splits == index_builtin("digits").splits
    assert index_of("digits", split_seed=0).splits == index_builtin("digits").splits


def test_folds_of_data_with_a_test_split_leave_it_alone() -> None:
    whole = index_of("fundus")
    indices = [index_of("fundus", folds=4, fold=fold) for fold in range(1, 5)]
    for index in indices:
        assert {row for row, split in enumerate(index.splits) if split == LEFT_OUT} == set(
            whole.rows_of("test")
        )
        assert "300 test images left out" in index.describe()
    assert sorted(row for index in indices for row in index.rows_of("test")) == whole.rows_of("train")


def test_both_eyes_of_a_patient_are_in_one_fold(tmp_path: Path) -> None:
    lab_csvs(tmp_path / "lab", TRAIN, TEST, both_eyes=True)
    data = str(tmp_path / "lab")
    index = index_of(data, folds=2, fold=1)
    assert index.groups is not None
    sides = {
        (group, split) for group, split in zip(index.groups, index.splits, strict=True) if split != LEFT_OUT
    }
    assert len(sides) == len({group for group, _ in sides})


def test_a_val_split_is_drawn_from_the_other_folds() -> None:
    index = index_of("digits", folds=5, fold=2, val_fraction=0.1)
    plain = index_of("digits", folds=5, fold=2)
    assert index.rows_of("test") == plain.rows_of("test") and len(index.rows_of("val")) == pytest.approx(
        144, abs=5
    )


def test_a_class_of_too_few_images_is_refused(tmp_path: Path) -> None:
    found = survey(class_folders(tmp_path / "data", each=15), folds=16, fold=1)
    assert kinds(found) == ["few_for_folds"]
    (problem,) = [each for each in found.problems if each.severity == "error"]
    assert problem.line == (
        "folds: class 'class0' has 15 images, too few for one in each of 16 folds, nor have 2 more classes enough: "
        "give folds 15 or fewer, or take the class out"
    )
    assert kinds(survey(tmp_path / "data", folds=15, fold=1)) == []


def test_a_class_of_too_few_groups_is_refused(tmp_path: Path) -> None:
    """Both eyes of one patient are two images and one group."""
    lab_csvs(tmp_path / "lab", (0, 0, 0, 1), TEST, both_eyes=True)
    (problem,) = [
        each for each in survey(tmp_path / "lab", folds=2, fold=1).problems if each.severity == "error"
    ]
    assert problem.text.startswith("class '1' has images of 1 group, too few for one in each of 2 folds")


def test_a_split_seed_where_the_data_have_their_test_split_is_refused(tmp_path: Path) -> None:
    found = survey(lab_csvs(tmp_path / "lab", TRAIN, TEST), split_seed=2)
    assert kinds(found) == ["own_split"]
    assert kinds(survey(tmp_path / "lab", split_seed=2, folds=2, fold=1)) == []


def test_weights_of_another_fold_leak(tmp_path: Path) -> None:
    """Each of two folds trains on what the other tests on; the same fold does not leak into itself."""
    one, other = (index_of("digits", folds=5, fold=fold) for fold in (1, 2))
    hashes = image_hashes(one, tmp_path, lambda _text: None)
    source = trained_on(7, one, hashes, trains=True, inherited=None)
    leak = find_leak(other, hashes, source)
    assert leak.found and leak.images == leak.test_images == len(other.rows_of("test"))
    assert not find_leak(one, hashes, source).found


def test_images_are_packed_once_for_all_folds_and_splits(tmp_path: Path) -> None:
    """Also those of data with a test split, which the folds leave out: they are packed with the rest."""
    folder, home = tmp_path / "data", Home.find(tmp_path)
    lab_csvs(folder, TRAIN, TEST)
    specs = [make_spec({"data": str(folder)}), *expand_grid({"data": str(folder), "folds": 2})]
    for spec in specs:
        pack(index_data(home, spec), tmp_path / "cache", Look(16, "crop", "none"))
    assert len(list((tmp_path / "cache").glob("*.u8"))) == 1


def test_hashes_of_left_out_images_are_those_of_their_content(tmp_path: Path) -> None:
    """They are cached for all runs on the folder, and a run without folds needs them."""
    lab_csvs(tmp_path / "lab", TRAIN, TEST)
    home, data = Home.find(tmp_path), str(tmp_path / "lab")
    folded = index_data(home, make_spec({"data": data, "folds": 2, "fold": 1}))
    assert LEFT_OUT in folded.splits
    assert image_hashes(folded, tmp_path / "cache", lambda _text: None).all()
