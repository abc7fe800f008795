"""Recognising data sets, and what is said of those that cannot be used."""

from collections import Counter
from pathlib import Path

import pytest
from indexes import index_folder
from pictures import class_folders, draw, lab_csvs, touch, write_column
from shell import Shell

from engine.datasets import layouts
from engine.datasets.layouts import DataError, Layout, Row, recognise


def index(path: Path):  # type: ignore[no-untyped-def]
    return index_folder(path, test_fraction=0.25)


def test_lab_csvs_keep_their_first_rows_and_find_the_image_folder(tmp_path: Path) -> None:
    found = index(lab_csvs(tmp_path))
    assert found.kind == "lab CSVs, images in images"
    assert found.names[0] == "train0_left.jpeg" and found.labels == (0, 1, 0, 2, 0, 1, 0, 0, 1, 2)
    assert found.counts("train") == [3, 2, 1] and found.counts("test") == [2, 1, 1]
    assert found.baseline() == 0.5 and found.ordered and found.class_names == ("0", "1", "2")
    assert found.describe() == (
        "lab CSVs, images in images: 6 train, 4 test, 3 classes (train: 0 3, 1 2, 2 1), "
        "in order (the lab's CSVs hold grades; ordered off if not), baseline 0.5000"
    )


def test_lab_csvs_with_a_header_and_suffixes(tmp_path: Path) -> None:
    lab_csvs(tmp_path)
    write_column(tmp_path / "train_img.csv", ["image", "train0_left.jpeg", "train1_left.jpeg"])
    write_column(tmp_path / "train_label.csv", ["level", "0", "1"])
    assert index(tmp_path).counts("train") == [1, 1, 0]


def test_lab_csvs_with_a_header_and_labels_in_words(tmp_path: Path) -> None:
    lab_csvs(tmp_path)
    words = {"train": ["cat", "dog", "cat", "owl", "cat", "dog"], "test": ["cat", "cat", "dog", "owl"]}
    for split, labels in words.items():
        names = [f"{split}{number}_left" for number in range(len(labels))]
        write_column(tmp_path / f"{split}_img.csv", ["image", *names])
        write_column(tmp_path / f"{split}_label.csv", ["label", *labels])
    found = index(tmp_path)
    assert found.class_names == ("cat", "dog", "owl") and not found.ordered
    assert found.counts("train") == [3, 2, 1] and found.counts("test") == [2, 1, 1]


def test_class_folders_get_a_test_split_by_class_that_never_changes(tmp_path: Path) -> None:
    found = index(class_folders(tmp_path))
    assert found.counts("test") == [3, 3, 3] and found.counts("train") == [9, 9, 9]
    assert found.class_names == ("class0", "class1", "class2") and not found.ordered
    assert index(tmp_path) == found


def test_folders_of_splits(tmp_path: Path) -> None:
    class_folders(tmp_path / "train", each=3)
    class_folders(tmp_path / "test", each=2)
    found = index(tmp_path)
    assert found.kind == "class folders in train, test"
    assert found.counts("train") == [3, 3, 3] and found.counts("test") == [2, 2, 2]
    assert found.names[-1] == "test/class2/001.png"


def test_both_eyes_of_a_patient_go_to_one_split(tmp_path: Path) -> None:
    for patient in range(24):
        for eye in ("left", "right"):
            draw(tmp_path / str(patient % 2) / f"{patient}_{eye}.png", 0, patient)
    found = index(tmp_path)
    assert found.groups is not None
    splits = {group: set() for group in found.groups}  # type: ignore[var-annotated]
    for group, split in zip(found.groups, found.splits, strict=True):
        splits[group].add(split)
    assert all(len(each) == 1 for each in splits.values())
    assert Counter(found.splits) == {"train": 36, "test": 12}


def break_length(root: Path) -> None:
    write_column(root / "test_label.csv", ["0", "1"])


def break_empty(root: Path) -> None:
    (root / "train_label.csv").write_text("")


def break_missing_csv(root: Path) -> None:
    (root / "test_img.csv").unlink()


def break_columns(root: Path) -> None:
    (root / "train_img.csv").write_text("a,b\n")


def break_binary(root: Path) -> None:
    (root / "train_label.csv").write_bytes(b"\xff\xd8\x00\x80")


def break_image(root: Path) -> None:
    (root / "images" / "test1_left.jpeg").unlink()


def break_outside(root: Path) -> None:
    write_column(root / "test_img.csv", ["../../etc/passwd", "test1_left", "test2_left", "test3_left"])


def break_absolute(root: Path) -> None:
    write_column(root / "test_img.csv", ["/etc/passwd", "test1_left", "test2_left", "test3_left"])


def break_twice(root: Path) -> None:
    write_column(root / "test_img.csv", ["train0_left", "test1_left", "test2_left", "test3_left"])


def break_label(root: Path) -> None:
    write_column(root / "test_label.csv", ["0", "", "1", "2"])
    (root / "test_label.csv").write_text('0\n""\n1\n2\n')


def break_classes(root: Path) -> None:
    for split, count in (("train", 6), ("test", 4)):
        write_column(root / f"{split}_label.csv", ["3"] * count)


def break_gap(root: Path) -> None:
    write_column(root / "test_label.csv", ["0", "1", "2", "7"])


def break_word(root: Path) -> None:
    write_column(root / "test_label.csv", ["0", "banana", "1", "2"])


def break_huge_label(root: Path) -> None:
    write_column(root / "test_label.csv", ["0", "1", "2", "123456789"])


@pytest.mark.parametrize(
    ("breaks", "says"),
    [
        (break_length, "test_img.csv has 4 rows but test_label.csv has 2: they must pair up"),
        (break_empty, "train_label.csv is empty"),
        (break_missing_csv, "but no test_img.csv: add it"),
        (break_columns, "train_img.csv has 2 columns in row 1: it must have one"),
        (break_binary, "train_label.csv is not a CSV text file"),
        (break_image, "1 of 10 images are not in .*images, the first is 'test1_left'"),
        (break_outside, "'../../etc/passwd' leads out of the image folder"),
        (break_absolute, "'/etc/passwd' leads out of the image folder"),
        (break_twice, "'train0_left.jpeg' is listed in train and in test"),
        (break_label, "1 of 10 images have no label, the first is 'test1_left.jpeg'"),
        (break_classes, "all images have the label '3'"),
        (break_huge_label, "label 123456789 is too large"),
        (break_gap, "label 7 is too large for 4 classes: number them from 0"),
        (break_word, "label 'banana' of image 'test1_left.jpeg' is no number, as most labels are"),
    ],
)
def test_broken_lab_sets_say_what_to_mend(tmp_path: Path, breaks, says: str) -> None:  # type: ignore[no-untyped-def]
    breaks(lab_csvs(tmp_path))
    with pytest.raises(DataError, match=says) as caught:
        index(tmp_path)
    assert "\n" not in str(caught.value)


def test_folders_that_are_no_data_set(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="does not exist"):
        recognise(tmp_path / "nothing")
    with pytest.raises(DataError, match="holds no layout that is known"):
        recognise(tmp_path)
    class_folders(tmp_path / "test", each=2)
    with pytest.raises(DataError, match="has a folder test but no folder train"):
        recognise(tmp_path)
    with pytest.raises(DataError, match="is a file"):
        recognise(Path(__file__))


def listed_images(folder: layouts.DataFolder) -> Layout | None:
    """A toy layout: `list.toy` with lines `label/name`."""
    if "list.toy" not in folder.names:
        return None
    lines = (folder.path / "list.toy").read_text().split()
    rows = tuple(Row(line.partition("/")[2], line.partition("/")[0], None) for line in lines)
    return Layout("a list", "there is a list.toy", folder.path, rows)


def test_an_entry_in_the_registry_is_all_that_a_layout_needs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, shell: Shell
) -> None:
    touch(tmp_path / "photos", *(f"{number}.png" for number in range(8)))
    (tmp_path / "photos" / "list.toy").write_text(
        "\n".join(f"{number % 2}/{number}.png" for number in range(8))
    )
    assert "add a table with the columns image,label" in shell.refuses("add", "--data", "photos")
    toy = layouts.LayoutKind("a list.toy", listed_images)
    monkeypatch.setattr(layouts, "LAYOUTS", (*layouts.LAYOUTS, toy))
    assert shell("data", "check", "photos", "--names-only") == 0 and "a list" in shell.out
    assert shell("add", "--data", "photos") == 0 and "a list: 6 train, 2 test" in shell.err
    (tmp_path / "bare").mkdir()
    assert "or a list.toy" in shell.refuses("add", "--data", "bare")
    (tmp_path / "photos" / "list.toy").write_text("0/0.png 1/1.png")
    assert "no column 'x'" in shell.refuses("add", "--data", "photos", "--label-column", "x")
