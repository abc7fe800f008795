"""Meaning of the names of folders side by side."""

import pytest

from engine.datasets.formats.names.folder_names import doubtful_numbers, is_masks, near_names, sort_names


@pytest.mark.parametrize(
    "names",
    [
        ["HAM10000_images_part_1", "HAM10000_images_part_2"],
        ["images_001", "images_012"],
        ["part1", "part2"],
        ["Part A", "Part B"],
        ["batch_2", "batch_3"],
        ["fold0", "fold1"],
        ["chunk-1", "chunk-2"],
        ["set (1)", "set (2)"],
        ["disk1", "volume 2"],
        ["download_1", "archive2"],
        ["images_part1of2", "images_part2of2"],
        ["New folder", "New folder (2)"],
    ],
)
def test_parts_of_the_images(names: list[str]) -> None:
    assert set(sort_names(names).parts) == set(names)


@pytest.mark.parametrize(
    "names",
    [
        ["images", "masks"],
        ["imgs", "annotations"],
        ["1. Original Images", "2. Groundtruths"],
        ["Images", "Ground Truth"],
        ["image", "label"],
        ["images", "thumbnails"],
        ["images", "segmentations"],
        ["JPEGImages", "Annotations", "ImageSets"],
        ["images", "photos"],
    ],
)
def test_folders_of_all_images_and_what_belongs_to_them(names: list[str]) -> None:
    assert set(sort_names(names).media) == set(names)


@pytest.mark.parametrize(
    "names",
    [
        [str(number) for number in range(13)],
        ["100", "200"],
        ["class_1", "class_2"],
        ["class1", "class2"],
        ["grade_0", "grade_1"],
        ["stage 1", "stage 2"],
        ["level3", "level4"],
        ["type-1", "type-2"],
        [f"c{number}" for number in range(10)],
        ["n01443537", "n01629819"],
        ["001.Black_footed_Albatross", "002.Laysan_Albatross"],
        ["0_normal", "1_mild"],
        ["0-2", "4-6"],
        ["2020", "2021"],
        ["mask", "no_mask"],
        ["with_mask", "without_mask"],
        ["photos", "sketches"],
        ["parts", "wholes"],
        ["hepatitis b", "hepatitis c"],
    ],
)
def test_ordinary_classes(names: list[str]) -> None:
    assert sort_names(names).classes == tuple(names) and doubtful_numbers(names) == []


@pytest.mark.parametrize(
    "names",
    [
        ["scan1", "scan2"],
        ["patient_01", "patient_02"],
        ["s1", "s2"],
        ["2020-01-02", "2020-01-03"],
        ["20200102", "20200103"],
    ],
)
def test_classes_that_may_be_none(names: list[str]) -> None:
    assert sort_names(names).classes == tuple(names) and doubtful_numbers(names) == names


def test_a_number_in_a_few_names_is_no_doubt() -> None:
    assert doubtful_numbers(["cat", "dog", "owl", "robot1", "robot2"]) == []


@pytest.mark.parametrize(
    ("first", "second"),
    [("Cat", "cat"), ("no dr", "no_dr"), ("no-dr", "NoDR"), ("cat", "cat "), ("caf\u00e9", "cafe\u0301")],
)
def test_names_that_are_nearly_one(first: str, second: str) -> None:
    assert [set(pair) for pair in near_names([first, "fox", second])] == [{first, second}]


def test_names_that_are_not_nearly_one() -> None:
    assert near_names(["cat", "cats", "1-2", "12", "no dr", "dr"]) == []


def test_folders_inside_a_class_that_are_no_images_of_it() -> None:
    assert all(map(is_masks, ("masks", "mask", "Annotations", "ground truth", "thumbnails")))
    assert not any(map(is_masks, ("images", "2020", "mask wearers", "no_mask")))
