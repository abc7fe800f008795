"""Class folders, and folders that are none: splits, parts, masks, clutter."""

from pathlib import Path

import pytest
from trees import classes, tree

from engine.datasets.formats.folders.class_folders import (
    NotClasses,
    flat_images,
    has_split_folders,
    only_folder,
    read_class_folders,
    read_split_folders,
)
from engine.datasets.formats.problems import DataError
from engine.datasets.index import Survey
from engine.datasets.indexing import survey_folder
from engine.datasets.read_options import ReadOptions


def survey(path: Path) -> Survey:
    return survey_folder(path, ReadOptions())


def counts(path: Path) -> dict[str, list[int]]:
    """Images of each class by split, `cat` and `dog` in this order."""
    index = survey(path).checked()
    assert index.class_names == ("cat", "dog")
    return {split: index.counts(split) for split in ("train", "val", "test") if split in index.splits}


def said(path: Path) -> list[tuple[str, str]]:
    return [(problem.severity, problem.text.replace(f"{path}", "D")) for problem in survey(path).problems]


def refusal(path: Path) -> str:
    """The line that refuses a folder's class folders, whatever other layouts say of it."""
    with pytest.raises(DataError) as caught:
        read_split_folders(path) if has_split_folders(path) else read_class_folders(path)
    line = str(caught.value).replace(f"{path}", "D")
    assert "\n" not in line and "label_column" not in line
    return line


@pytest.mark.parametrize(
    ("train", "test"),
    [
        ("training_set", "test_set"),
        ("seg_train/seg_train", "seg_test/seg_test"),
        ("a. Training Set", "b. Testing Set"),
        ("1_train", "2_test"),
        ("train", "hold-out"),
        ("train/data", "test/data"),
        ("train/images", "test/images"),
    ],
)
def test_splits_in_the_usual_forms(tmp_path: Path, train: str, test: str) -> None:
    tree(tmp_path, *classes(train), *classes(test, each=3))
    assert counts(tmp_path) == {"train": [4, 4], "test": [3, 3]} and said(tmp_path) == []
    why = survey(tmp_path).why
    assert ("inside" in why) == ("/" in train) and train in why


def test_images_and_masks_inside_splits(tmp_path: Path) -> None:
    tree(tmp_path, *classes("train/images"), *classes("train/masks"), *classes("test/images", each=3))
    assert counts(tmp_path) == {"train": [4, 4], "test": [3, 3]}
    [(severity, text)] = said(tmp_path)
    assert severity == "warning" and text.startswith("8 images in masks of D/train are not used")


def test_a_class_that_is_called_as_a_split_inside_a_split(tmp_path: Path) -> None:
    for split in ("train", "test"):
        tree(tmp_path, *classes(split, "bus", "car", "train"))
    assert survey(tmp_path).checked().class_names == ("bus", "car", "train") and not said(tmp_path)


def test_folders_of_one_split_are_read_together_and_it_is_said(tmp_path: Path) -> None:
    tree(tmp_path, *classes("train1"), *classes("train2"), *classes("test"))
    assert counts(tmp_path) == {"train": [8, 8], "test": [4, 4]}
    assert said(tmp_path) == [("note", "train1, train2 are read together as train")]
    tree(tmp_path / "parts", *classes("part1"), *classes("part2"))
    index = survey(tmp_path / "parts").checked()
    assert index.kind == "class folders in part1, part2" and index.class_names == ("cat", "dog")
    tree(tmp_path / "parts", "part3/#.jpg*4", "code/a.py", "README.md")
    [(severity, text)] = said(tmp_path / "parts")
    assert severity == "warning" and text.startswith("4 images in part3 of D are not used (named like a part")


def test_class_folders_inside_parts_of_a_split(tmp_path: Path) -> None:
    tree(tmp_path, *classes("train/part1"), *classes("train/part2"), *classes("test"))
    assert counts(tmp_path) == {"train": [8, 8], "test": [4, 4]}


def test_class_folders_with_splits_inside(tmp_path: Path) -> None:
    tree(tmp_path, *(f"{name}/{split}/#.jpg*4" for name in ("cat", "dog") for split in ("train", "test")))
    assert counts(tmp_path) == {"train": [4, 4], "test": [4, 4]}
    assert survey(tmp_path).checked().kind == "class folders with train, test inside"


def test_several_data_sets_in_one_folder(tmp_path: Path) -> None:
    for name in ("one", "two"):
        tree(tmp_path, *classes(f"{name}/train"), *classes(f"{name}/test"))
    assert (
        refusal(tmp_path) == "D holds several data sets (one, two), each with test, train: give one of them"
    )


@pytest.mark.parametrize("other", ["holdout", "evaluation", "extra", "test_small/x"])
def test_what_is_beside_the_splits_is_named(tmp_path: Path, other: str) -> None:
    tree(tmp_path, *classes("train"), *classes("test"), *classes(other))
    assert counts(tmp_path) == {"train": [4, 4], "test": [4, 4]}
    [(severity, text)] = said(tmp_path)
    assert severity == "warning" and text.startswith(
        f"8 images in {other.partition('/')[0]} of D are not used"
    )


def test_files_beside_class_folders_that_may_hold_labels_are_named(tmp_path: Path) -> None:
    names = ("labels.csv", "train.txt", "a.jsonl", "book.xlsx", "README.txt", "Thumbs.db", "train/extra.xls")
    tree(tmp_path, *classes("train"), *classes("test"), *names)
    assert [line for line in said(tmp_path) if "not used" in line[1]] == [
        (
            "note",
            "not used, because the names of the folders are the labels: train/extra.xls",
        ),
        ("warning", "a.jsonl is not used (line 1 of a.jsonl is no JSON object: write one for each image)"),
        ("warning", "book.xlsx is not used (is no spreadsheet that can be read: save it as CSV)"),
        ("note", "not used: labels.csv (has no column of labels); train.txt (has no column of labels)"),
    ]


def test_splits_without_class_folders_are_no_classes(tmp_path: Path) -> None:
    tree(tmp_path, *(f"{split}/#.jpg*4" for split in ("train", "valid", "test")))
    assert refusal(tmp_path) == (
        "D holds 12 images without labels in test, train, valid (named like a split, not like a class): put the images "
        "of each class into a folder of its own, add a table with the columns image,label, or rename a folder that is "
        "a class"
    )


@pytest.mark.parametrize(
    ("files", "says"),
    [
        (["DR_train/#.jpg*4", "DR_test/#.jpg*4"], "in DR_test, DR_train (named like a split"),
        (["HAM_images_part_1/#.jpg*4", "HAM_images_part_2/#.jpg*4"], "(named like a part of the images"),
        (["images_001/#.jpg*4", "images_002/#.jpg*4"], "(named like a part of the images"),
        (["images/#.jpg*4", "masks/#.png*4"], "(named like a folder of all images, masks or annotations"),
        (["imagesTr/#.jpg*4", "imagesTs/#.jpg*4"], "(named like a folder of all images"),
        (["raw_images/#.jpg*4", "processed_images/#.jpg*4"], "(named like a folder of all images"),
        (["Photos-001/#.jpg*4", "Photos-002/#.jpg*4"], "(named like a part of the images"),
        (["drive-download-1Z-001/#.jpg*4", "drive-download-1Z-002/#.jpg*4"], "(named like a part of the images"),
        (["100CANON/#.jpg*4", "101CANON/#.jpg*4"], "(named like a part of the images"),
        ([*classes("fold1/train"), *classes("fold1/test"), *classes("fold2/train")], "give D/fold1 as data"),
        (["train/train/#.jpg*4", "test/test/#.jpg*4"], "in test, train (named like a split"),
        (["New folder/#.jpg*4", "New folder (2)/#.jpg*4"], "(named like a part of the images"),
        (["train/images/#.jpg*4", "val/images/#.jpg*4"], "(named like a split"),
        (["bus/#.jpg*4", "train/#.jpg*4"], "4 images without labels in train"),
        (["bus/#.jpg*4", "figures/#.jpg", "train/#.jpg*4"], "4 images without labels in train"),
        (["bus/a#.jpg*4", "car/b#.jpg*4", "train/a#.jpg*4", "train/b#.jpg*4"], "8 images without labels in train"),
        (["bus/#.jpg*4", "car/#.jpg*4", "train/#.jpg*4", "labels.json"], "4 images without labels in train"),
        (["bus/#.jpg*4", "car/#.jpg*4", "training_set/#.jpg*4"], "4 images without labels in training_set"),
        (["bus/#.jpg*4", "car/#.jpg*4", "train/#.jpg*4", "val/#.jpg"], "4 images without labels in train"),
        (["cells/#.png*4", "masks/#.png*4"], "4 images without labels in masks"),
        (["cells/a#.png*4", "masks/a#_mask.png*4"], "4 images without labels in masks"),
        (["cells/img_#.png*4", "masks/seg_#.png*4"], "4 images without labels in masks"),
        (["images/a#.png*4", "figures/plot.png"], "4 images without labels in images"),
        (["images/a#.png*40", "code/plot.png"], "40 images without labels in images"),
        (["train/a#.png*40", "code/plot.png", "paper/page.png"], "40 images without labels in train"),
        (["valid/#.jpg*4", "invalid/#.jpg*4"], "or rename a folder that is a class"),
        (["train/#.jpg*4", *classes("test")], "in train (named like a split"),
        (["cat_train/#.jpg*4", "cat_test/#.jpg", "dog_train/#.jpg", "dog_test/#.jpg"], "a class and a split in one"),
        ([*classes("images"), "annotations/#.xml*4"], "D/images holds class folders, and other folders are beside"),
        ([*classes("images/train"), *classes("images/test"), "labels/a.txt"], "give D/images as data"),
        ([*classes("test"), *classes(".")], "no folder train: add it; put the folders cat, dog into it"),
        (["train/#.jpg*4", "train.txt"], "the labels may be in D/train.txt: give that as data"),
        (["train/#.jpg*4", "val/#.jpg*4", "ann/train.json"], "the labels may be in D/ann/train.json"),
        (["train/images/#.jpg*4", "test/#.jpg", "train/labels/#.txt*4"], "may be in D/train/labels/*.txt"),
        (["part1/#.jpg*4", "part2/#.jpg*4", "l.csv"], "the folder of its images with images"),
        (["train/cat.#.jpg*4", "train/dog.#.jpg*4"], "the labels seem to be in the names (cat, dog)"),
        (["train/big_cat_#.jpg*4", "train/Dog#.jpg*4"], "the labels seem to be in the names (big_cat, dog)"),
        (["train/cat.#.jpg*40", "train/dog.#.jpg*40", "test1/#.jpg*80", "submission.csv"], "names (cat, dog): write"),
        (["train/IMG_#.jpg*4", "train/DSC_#.jpg*4"], "add a table with the columns image,label"),
    ],
)  # fmt: skip
def test_folders_that_are_no_classes(tmp_path: Path, files: list[str], says: str) -> None:
    tree(tmp_path, *files)
    (tmp_path / "empty").mkdir()
    assert says in refusal(tmp_path)


def test_labels_in_other_folders_of_the_parent_are_pointed_at(tmp_path: Path) -> None:
    data = tmp_path / "set" / "1. Original Images"
    tree(data, "a. Training Set/IDRiD_#.jpg*4", "b. Testing Set/IDRiD_#.jpg*2")
    truths, others = tmp_path / "set" / "2. Groundtruths", tmp_path / "set" / "others.csv"
    truths.mkdir()
    (truths / "a. Labels.csv").write_text("Image name,grade\nIDRiD_001,3\n")
    others.write_text("image,label\nscan_001,3\n")
    line = refusal(data)
    assert f"the labels may be in {truths / 'a. Labels.csv'}: give that as data" in line
    assert "others.csv" not in line
    inner = flat_images(data / "a. Training Set")
    assert inner is not None and str(truths / "a. Labels.csv") in str(inner)


def test_a_flat_folder_says_what_is_missing(tmp_path: Path) -> None:
    tree(tmp_path, "cat_#.jpg*4", "dog_#.jpg*4")
    error = flat_images(tmp_path)
    assert isinstance(error, NotClasses) and "8 images" in str(error) and "(cat, dog)" in str(error)
    assert flat_images(tree(tmp_path / "none", "a.txt")) is None


@pytest.mark.parametrize(
    "labels", ["test/list.txt", "test.csv", "test_labels.csv", "test/truth/a.mat", "meta/test.txt"]
)
def test_a_flat_test_folder_with_labels_near_it_is_an_error(tmp_path: Path, labels: str) -> None:
    tree(tmp_path, *classes("train"), "test/images/#.jpg*4", labels)
    [problem] = [each for each in survey(tmp_path).problems if each.severity == "error"]
    assert str(tmp_path / labels) in problem.text and "take the folder out of" in problem.text


@pytest.mark.parametrize("name", ["test", "test1", "Testing Set", "val"])
def test_a_flat_test_folder_without_labels_is_not_used(tmp_path: Path, name: str) -> None:
    tree(tmp_path, *classes("train", each=5), f"{name}/#.jpg*4")
    assert counts(tmp_path) == {"train": [4, 4], "test": [1, 1]}
    [(severity, text)] = said(tmp_path)
    assert severity == "warning" and f"D/{name} holds 4 images and no class folders" in text


def test_a_split_folder_beside_class_folders_is_no_class(tmp_path: Path) -> None:
    tree(tmp_path, *classes(".", each=5), "test/#.jpg*4", "images/#.jpg*2", "part_2/#.jpg")
    assert counts(tmp_path) == {"train": [4, 4], "test": [1, 1]}
    [(severity, text)] = said(tmp_path)
    assert severity == "warning" and text.startswith("7 images in test, part_2, images of D are not used")


def test_a_class_with_the_word_for_a_split_in_its_name(tmp_path: Path) -> None:
    tree(tmp_path, *classes(".", "cat", "test tube", "train station"))
    assert survey(tmp_path).checked().class_names == ("cat", "test tube", "train station")
    assert said(tmp_path) == []


def test_masks_in_class_folders_are_not_used(tmp_path: Path) -> None:
    tree(tmp_path, *(f"{name}/{kind}/#.png*4" for name in ("cat", "dog") for kind in ("images", "masks")))
    assert sum(counts(tmp_path)["train"] + counts(tmp_path)["test"]) == 8
    assert said(tmp_path)[0][1].startswith("8 images are masks or the like by their names")
    tree(tmp_path / "b", "cat/a (#).png*4", "cat/a (#)_mask.png*4", "dog/gas_mask_#.png*4", "dog/x_mask.png")
    index = survey(tmp_path / "b").checked()
    assert [name for name in index.names if name.startswith("cat")] == [
        f"cat/a (00{n}).png" for n in range(4)
    ]
    assert len(index.names) == 9, "a mask is one where its image is beside it"


def test_numbers_are_names_of_classes(tmp_path: Path) -> None:
    tree(tmp_path, *classes(".", *map(str, range(1, 13))))
    layout = read_class_folders(tmp_path)
    assert layout is not None and layout.has_names and not layout.problems
    assert {row.label for row in layout.rows} == set(map(str, range(1, 13)))


def test_folders_of_one_number_are_one_class(tmp_path: Path) -> None:
    tree(tmp_path, *classes(".", "1", "01", "2"))
    assert survey(tmp_path).checked().counts("train")[-2:] == [6, 3]
    assert ("note", "the folders 01, 1 are one number and read as one class") in said(tmp_path)


def test_empty_class_folders_say_what_is_missing(tmp_path: Path) -> None:
    for split in ("train", "test"):
        for name in ("cat", "dog"):
            (tmp_path / split / name).mkdir(parents=True)
    assert refusal(tmp_path) == (
        "D has the class folders cat, dog, but no image that is read is in cat, dog: put images there"
    )


def test_folders_that_differ_by_a_number_are_doubtful_classes(tmp_path: Path) -> None:
    tree(tmp_path, *(f"scan{number}/eye{number}_#.png*4" for number in range(3)))
    [(severity, text)] = said(tmp_path)
    assert severity == "warning" and "the folders scan0, scan1, scan2 differ by a number alone" in text
    (tmp_path / "list.mat").write_text("eye0_000 3\neye1_000 4\n")
    assert "D/list.mat names their images: the labels may be in D/list.mat" in refusal(tmp_path)


def test_patients_inside_splits_are_no_classes_beside_a_table_of_their_images(tmp_path: Path) -> None:
    tree(tmp_path, *(f"train/patient{number:05}/study1/view{number}_front.jpg" for number in range(4)))
    tree(tmp_path, *(f"valid/patient{number:05}/study1/view{number}_front.jpg" for number in range(4, 6)))
    assert "differ by a number alone" in said(tmp_path)[0][1]
    (tmp_path / "train.csv").write_text("Path,Sex\nSet-small/train/patient00001/study1/view1_front.jpg,F\n")
    assert "D/train.csv names their images" in refusal(tmp_path)


def test_folders_inside_all_classes_may_be_the_classes(tmp_path: Path) -> None:
    tree(tmp_path, *(f"{outer}/{inner}/#.png*4" for outer in ("men", "women") for inner in ("glad", "sad")))
    [(severity, text)] = said(tmp_path)
    assert (
        severity == "warning" and "men, women are taken as classes, but each holds folders glad, sad" in text
    )


def test_only_folder(tmp_path: Path) -> None:
    tree(tmp_path, *classes("my_data/train"), "my_data.zip", "README.md", "__MACOSX/._x", ".DS_Store")
    (tmp_path / "empty").mkdir()
    assert only_folder(tmp_path) == tmp_path / "my_data"
    for more in ("labels.csv", "photo.jpg", "other/notes.md", "set.npz"):
        tree(tmp_path, more)
        assert only_folder(tmp_path) is None, more
        (tmp_path / more).unlink()
    (tmp_path / "other").rmdir()
    assert only_folder(tmp_path) == tmp_path / "my_data"
    assert only_folder(tree(tmp_path / "flat", "images/#.jpg*4")) is None
    assert only_folder(tree(tmp_path / "table", "d/#.jpg*4", "d/l.csv")) == tmp_path / "table" / "d"


def test_folders_that_people_keep_beside_their_classes_are_warned_of(tmp_path: Path) -> None:
    tree(tmp_path, *classes("."), "figures/plot.png", "to_label/#.jpg*3")
    found = survey(tmp_path)
    assert found.checked().class_names == ("cat", "dog", "figures", "to_label")
    [problem] = [each for each in found.problems if each.kind == "doubtful_classes"]
    assert problem.what == "folders taken as classes, with their images: figures (1), to_label (3)"


def test_masks_of_a_class_beside_it_are_no_class(tmp_path: Path) -> None:
    tree(tmp_path, *classes("."), "cat masks/#.png*4", "dog_mask/#.png*4")
    found = survey(tmp_path)
    assert found.checked().class_names == ("cat", "dog")
    assert [each.kind for each in found.problems] == ["unused_folders"]


@pytest.mark.parametrize(
    ("name", "others"),
    [
        ("train", ["bus", "car", "plane"]),
        ("Train", ["bus", "car"]),
        ("gt", ["sedan", "suv"]),
        ("thumbs", ["fist", "palm"]),
        ("masks", ["no_masks"]),
        ("labels", ["nolabels"]),
    ],
)
def test_a_class_that_is_called_like_a_split_or_masks(tmp_path: Path, name: str, others: list[str]) -> None:
    tree(tmp_path, *(f"{each}/#.jpg*4" for each in (name, *others)))
    assert set(survey(tmp_path).checked().class_names) == {name, *others}
    [(severity, text)] = said(tmp_path)
    assert severity == "warning" and text.startswith(
        f"{name} is taken as a class: a folder in D that is named like"
    )


@pytest.mark.parametrize(("name", "other"), [("image", "text"), ("images", "texts"), ("gt", "sedan")])
def test_two_classes_of_which_one_is_called_like_all_images(tmp_path: Path, name: str, other: str) -> None:
    tree(tmp_path, f"{name}/a.jpg", f"{name}/b.jpg", f"{other}/c.jpg", f"{other}/d.jpg")
    assert set(survey(tmp_path).checked().class_names) == {name, other}
    assert [severity for severity, _ in said(tmp_path)] == ["warning"]


def test_masks_of_several_classes_are_no_class(tmp_path: Path) -> None:
    tree(tmp_path, "cat/cat_#.png*4", "dog/dog_#.png*4", "masks/cat_#_mask.png*4", "masks/dog_#_mask.png*4")
    assert survey(tmp_path).checked().class_names == ("cat", "dog")
    assert said(tmp_path)[0][1].startswith("8 images in masks of D are not used")


def test_masks_beside_no_masks_inside_splits(tmp_path: Path) -> None:
    tree(
        tmp_path,
        *(f"{split}/{each}/#.jpg*4" for split in ("train", "test") for each in ("masks", "no_masks")),
    )
    assert survey(tmp_path).checked().class_names == ("masks", "no_masks")
    assert [severity for severity, _ in said(tmp_path)] == ["warning", "warning"]


@pytest.mark.parametrize("name", ["images", "masks", "test"])
def test_copies_of_the_classes_images_are_no_class(tmp_path: Path, name: str) -> None:
    tree(tmp_path, "cat/a#.jpg*5", "dog/b#.jpg*5", f"{name}/a#.jpg*5", f"{name}/b#.jpg*5")
    assert counts(tmp_path) == {"train": [4, 4], "test": [1, 1]}
    [(severity, text)] = said(tmp_path)
    assert severity == "warning" and text.startswith(f"10 images in {name} of D are not used")
