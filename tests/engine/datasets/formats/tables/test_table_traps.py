"""Data sets that read well but for one cell, file or folder: nothing else may change, and nothing in silence."""

import contextlib
import errno
import os
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from pictures import class_folders, draw, touch
from PIL import Image

from engine.datasets.formats.names.walk import walk_images
from engine.datasets.index import SKIPPED, SPLITS, Survey
from engine.datasets.indexing import survey_folder
from engine.datasets.packed import pack
from engine.datasets.pixels.decode import Look
from engine.datasets.pixels.open_image import open_image
from engine.datasets.read_options import ReadOptions
from engine.datasets.survey import look_at_images


def survey(path: Path, **options: object) -> Survey:
    return survey_folder(path, ReadOptions(**options))  # type: ignore[arg-type]


def kinds(found: Survey, severity: str = "error") -> list[str]:
    return [problem.kind for problem in found.problems if problem.severity == severity]


def numbered(root: Path, images: int, table: str, prefix: str = "a") -> Path:
    """`l.csv` with this text beside as many image files."""
    touch(root / "im", *(f"{prefix}{number}.png" for number in range(images)))
    (root / "l.csv").write_text(table)
    return root


@pytest.mark.parametrize("last", ["tset", ""])
def test_a_split_that_is_misspelt_or_lacking_is_said_and_not_drawn_over(tmp_path: Path, last: str) -> None:
    rows = [f"a{number},{number % 2},{'test' if number < 6 else 'train'}\n" for number in range(19)]
    found = survey(numbered(tmp_path, 20, "image,label,split\n" + "".join(rows) + f"a19,1,{last}\n"))
    assert kinds(found) == ["unknown_split"] and found.own_splits == ("train", "test")
    assert f"'a19' with {last!r}" in found.problems[0].text
    assert found.index is not None and found.index.rows_of("test") == list(range(6))


def test_a_column_of_data_sets_is_no_column_of_splits(tmp_path: Path) -> None:
    rows = [f"a{number},{number % 2},{'test' if number < 6 else 'messidor'}\n" for number in range(20)]
    index = survey(
        numbered(tmp_path, 20, "image,label,dataset\n" + "".join(rows)), label_column="label"
    ).checked()
    assert index.counts("test") == [2, 2]


def split_tables(root: Path, *, header: str, test_images: int) -> Path:
    touch(root / "train", *(f"a{number}.png" for number in range(20)))
    touch(root / "test", *(f"b{number}.png" for number in range(test_images)))
    (root / "train.csv").write_text(header + "".join(f"a{n},{n % 2}\n" for n in range(20)))
    (root / "test.csv").write_text(header + "".join(f"b{n},{n % 2}\n" for n in range(6)))
    return root


@pytest.mark.parametrize("header", ["image,label\n", ""])
@pytest.mark.parametrize("on_bad", ["fail", "skip"])
def test_a_test_table_without_its_images_is_not_dropped(tmp_path: Path, header: str, on_bad: str) -> None:
    found = survey(split_tables(tmp_path, header=header, test_images=0), on_bad=on_bad)
    assert not found.usable and found.own_splits == ("train", "test")
    assert "empty_split" in kinds(found) and any(each.kind == "missing_files" for each in found.problems)
    (tmp_path / "test.csv").rename(tmp_path / "old.csv")
    found = survey(tmp_path)
    assert found.usable and "not used: old.csv (names no image that is here)" in [
        problem.text for problem in found.problems
    ]


@pytest.mark.parametrize("label", ["nan", "o", ""])
def test_a_first_label_that_is_none_makes_no_header_of_an_image(tmp_path: Path, label: str) -> None:
    touch(tmp_path / "im", *(f"{number}_left.png" for number in range(12)))
    for split, first in (("train", 0), ("test", 6)):
        names = [f"{number}_left\n" for number in range(first, first + 6)]
        (tmp_path / f"{split}_img.csv").write_text("".join(names))
        (tmp_path / f"{split}_label.csv").write_text("0\n1\n0\n1\n0\n1\n")
    (tmp_path / "train_label.csv").write_text(f'"{label}"\n1\n0\n1\n0\n1\n')
    wanted = "label_slip" if label == "o" else "missing_label"
    found = survey(tmp_path)
    assert kinds(found) == [wanted] and kinds(found, "warning") == ["no_header"]
    (tmp_path / "im" / "0_left.png").unlink()
    assert kinds(survey(tmp_path)) == ["missing_files", wanted]


def test_a_first_row_whose_image_is_missing_is_no_header(tmp_path: Path) -> None:
    found = survey(numbered(tmp_path, 20, "gone,2\n" + "".join(f"a{n},{n % 2}\n" for n in range(20))))
    assert kinds(found) == ["missing_files"] and "'gone'" in found.problems[1].text
    words = "".join(f"a{n},{('cat', 'dog')[n % 2]}\n" for n in range(20))
    found = survey(numbered(tmp_path, 20, "a99,owl\n" + words))
    assert kinds(found) == ["missing_files"] and "'a99'" in found.problems[1].text


def test_a_header_stays_one_when_the_first_image_is_missing(tmp_path: Path) -> None:
    for split, first in (("train", 0), ("test", 6)):
        touch(tmp_path / "im", *(f"a{number}.png" for number in range(first, first + 6)))
        names = [f"a{number}\n" for number in range(first, first + 6)]
        (tmp_path / f"{split}_img.csv").write_text("image\n" + "".join(names))
        (tmp_path / f"{split}_label.csv").write_text("label\n" + "cat\ndog\n" * 3)
    (tmp_path / "im" / "a0.png").unlink()
    found = survey(tmp_path, on_bad="skip")
    assert found.usable and found.checked().class_names == ("cat", "dog")
    assert [found.checked().counts(split) for split in ("train", "test")] == [[2, 3], [3, 3]]


def test_blank_lines_put_no_label_beside_another_image(tmp_path: Path) -> None:
    touch(tmp_path / "im", *(f"a{number}.png" for number in range(12)))
    for split, first in (("train", 0), ("test", 6)):
        names = [f"a{number}\n" for number in range(first, first + 6)]
        (tmp_path / f"{split}_img.csv").write_text("".join(names))
        (tmp_path / f"{split}_label.csv").write_text("0\n1\n" * 3)
    index = survey(tmp_path).checked()
    (tmp_path / "train_img.csv").write_text("a0\n\na1\na2\na3\na4\na5\n\n\n")
    (tmp_path / "train_label.csv").write_text("0\n1\n0\n\n1\n0\n1\n")
    assert kinds(survey(tmp_path)) == ["nameless_rows", "missing_label"]
    for blank_labels in ("0\n\n1\n0\n1\n0\n1\n", "0\n1\n" * 3):
        (tmp_path / "train_label.csv").write_text(blank_labels)
        assert survey(tmp_path).checked() == index, "blank in both files, or in one that pairs up without"


def test_a_missing_file_changes_nothing_but_its_own_row(tmp_path: Path) -> None:
    text = "image,label\n" + "".join(f"a{number},{number % 2}\n" for number in range(200))
    numbered(tmp_path, 200, text)
    whole = survey(tmp_path, on_bad="skip", val_fraction=0.1).checked()
    gone = [whole.rows_of(split)[5] for split in SPLITS]
    for row in gone:
        (tmp_path / "im" / whole.names[row]).unlink()
    less = survey(tmp_path, on_bad="skip", val_fraction=0.1).checked()
    assert less.fingerprint == whole.fingerprint
    assert less.splits == tuple(SKIPPED if row in gone else split for row, split in enumerate(whole.splits))
    assert less.names[gone[0]] == whole.names[gone[0]].removesuffix(".png")


@pytest.mark.parametrize("which", ["all", "test"])
def test_data_or_a_split_without_any_image_cannot_be_used(tmp_path: Path, which: str) -> None:
    rows = "".join(f"a{n},{n % 2},{'test' if n >= 12 else 'train'}\n" for n in range(20))
    numbered(tmp_path, 12 if which == "test" else 0, "image,label,split\n" + rows)
    found = survey(tmp_path, on_bad="skip")
    assert (
        kinds(found) == ["missing_files" if which == "all" else "empty_split"]
        and not found.usable
        and found.index is not None
    )
    assert found.index.counts("test") == ([4, 4] if which == "all" else [0, 0]), (
        "labels are reported all the same"
    )
    text = next(problem.text for problem in found.problems if problem.severity == "error")
    assert "20 of 20 images" in text if which == "all" else "all test images of" in text


def test_what_is_there_but_no_image_of_the_data_is_never_opened(tmp_path: Path) -> None:
    for number in range(10):
        draw(tmp_path / "im" / f"a{number}.png", number % 2, number)
    Image.new("L", (16, 16)).save(tmp_path / "im" / "g.pcx")
    os.mkfifo(tmp_path / "im" / "p.png")
    rows = "".join(f"a{number}.png,{number % 2}\n" for number in range(10))
    (tmp_path / "l.csv").write_text("image,label\n" + rows + "g.pcx,1\np.png,0\n")
    index = survey(tmp_path, on_bad="skip").checked()
    looks = look_at_images(index, lambda _done, _total: None)
    assert looks is not None and looks.sizes == {"16×16": 10} and not looks.unreadable
    packed = pack(index, tmp_path / "cache", Look(16, "crop", "none"), on_bad="skip")
    assert sorted(packed.bad) == [10, 11] and packed.bad[10].endswith("g.pcx is missing")
    with pytest.raises(OSError, match="no file"):
        open_image(tmp_path / "im", "p.png")


def test_splits_that_are_both_numbered_from_0_have_their_own_folders(tmp_path: Path) -> None:
    for split, images in (("train", 30), ("test", 26)):
        touch(tmp_path / split, *(f"{number}.png" for number in range(images)))
    (tmp_path / "train.csv").write_text("image,label\n" + "".join(f"{n},{n % 2}\n" for n in range(20)))
    for first in (0, 20):
        rows = "".join(f"{n},{n % 2}\n" for n in range(first, first + 6))
        (tmp_path / "test.csv").write_text("image,label\n" + rows)
        index = survey(tmp_path).checked()
        assert index.kind == "tables train.csv and test.csv, images in train and test"
        assert [index.names[row] for row in index.rows_of("test")] == [
            f"test/{number}.png" for number in range(first, first + 6)
        ]
    (tmp_path / "test").rename(tmp_path / "other")
    touch(tmp_path / "third", *(f"{number}.png" for number in range(26)))
    found = survey(tmp_path)
    assert [
        problem.text.partition(" as in")[0] for problem in found.problems if problem.kind == "several_folders"
    ] == [f"as many of the 26 names are files in {tmp_path / 'third'}, {tmp_path / 'train'}"]


def test_a_link_to_itself_hides_no_other_image(tmp_path: Path) -> None:
    numbered(tmp_path / "t", 10, "image,label\n" + "".join(f"a{n},{n % 2}\n" for n in range(10)))
    (tmp_path / "t" / "im" / "z.png").symlink_to("z.png")
    assert survey(tmp_path / "t").usable
    folders = class_folders(tmp_path / "f", each=4)
    (folders / "class0" / "z.png").symlink_to("z.png")
    (folders / "class1" / "z").symlink_to("z")
    assert len(survey(folders).checked().names) == 12


def test_a_folder_that_cannot_be_listed_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    numbered(tmp_path / "t", 10, "image,label\n" + "".join(f"a{n},{n % 2}\n" for n in range(10)))
    (tmp_path / "t" / "private").mkdir()
    folders = class_folders(tmp_path / "f", each=4)
    scan, locked = os.scandir, ["private"]

    def scandir(path: Path) -> object:
        if Path(path).name in locked:
            raise PermissionError(errno.EACCES, "Permission denied", str(path))
        return scan(path)

    monkeypatch.setattr(os, "scandir", scandir)
    assert survey(tmp_path / "t").usable, "another's folder beside the images is no matter"
    locked += ["im", "class1"]
    found = survey(tmp_path / "t" / "l.csv")
    assert f"({tmp_path / 't' / 'im'} cannot be read: Permission denied; " in found.problems[0].text
    assert f"{folders / 'class1'} cannot be read: Permission denied" in survey(folders).problems[0].text


def test_linked_folders_have_one_name_whatever_their_order_on_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    touch(tmp_path / "real", *(f"{number}.png" for number in range(4)))
    (tmp_path / "data" / "c0").mkdir(parents=True)
    for name in "ab":
        (tmp_path / "data" / "c0" / name).symlink_to(tmp_path / "real")
    scan = os.scandir

    @contextlib.contextmanager
    def turned(path: Path) -> Iterator[Iterator[os.DirEntry[str]]]:
        with scan(path) as entries:
            yield iter(sorted(entries, key=lambda entry: entry.name, reverse=is_turned))

    monkeypatch.setattr(os, "scandir", turned)
    for is_turned in (False, True):
        assert walk_images(tmp_path / "data" / "c0") == [f"a/{number}.png" for number in range(4)], is_turned


def test_patients_are_known_again_in_other_dress(tmp_path: Path) -> None:
    touch(tmp_path / "im", *(f"{letter}{number}.png" for letter in "ab" for number in range(20)))
    rows = "".join(f"a{number},{number % 2},{number // 2:03}\n" for number in range(20))
    (tmp_path / "train.csv").write_text("image,label,patient\n" + rows)
    rows = "".join(f"b{number},{number % 2},{number // 2}.0\n" for number in range(19))
    (tmp_path / "test.csv").write_text("image,label,patient\n" + rows + "b19,1,\n")
    found = survey(tmp_path)
    assert kinds(found, "warning") == ["shared_groups"] and "19 of 20 test images" in found.problems[0].text


def test_images_without_a_patient_are_no_patient(tmp_path: Path) -> None:
    rows = "".join(f"a{n},{n % 2},{'nan' if n < 20 else n // 2}\n" for n in range(100))
    index = survey(numbered(tmp_path, 100, "image,label,patient\n" + rows)).checked()
    assert index.group_rule == "column patient" and len(index.groups_used) == 60


def numbered_folders(root: Path, *names: str) -> Path:
    touch(root, *(f"{name}/{number}.png" for name in names for number in range(5)))
    return root


def test_folders_called_by_numbers_are_classes_of_these_names(tmp_path: Path) -> None:
    index = survey(numbered_folders(tmp_path / "a", "1000", "200", "30")).checked()
    assert index.class_names == ("30", "200", "1000") and not index.ordered
    assert index.counts("train") == [4, 4, 4]
    index = survey(tmp_path / "a", class_names=("1000", "30", "200")).checked()
    assert index.class_names == ("1000", "30", "200") and not index.ordered
    assert index.counts("test") == [1, 1, 1]
    with_gap = survey(numbered_folders(tmp_path / "b", "0", "1", "2", "4")).checked()
    assert with_gap.class_names == ("0", "1", "2", "4") and not with_gap.ordered
    mixed = survey(numbered_folders(tmp_path / "c", "0", "1", "2", "other")).checked()
    assert mixed.class_names == ("0", "1", "2", "other")


def test_class_names_that_are_the_labels_give_their_order(tmp_path: Path) -> None:
    numbered(tmp_path, 20, "image,label\n" + "".join(f"a{n},{(10, 30, 20)[n % 3]:03}\n" for n in range(20)))
    index = survey(tmp_path, class_names=("010", "20", "30")).checked()
    assert index.class_names == ("010", "20", "30") and index.labels[:3] == (0, 2, 1) and not index.ordered
    assert "class_names 10,20,30" in survey(tmp_path).problems[-1].text


def test_a_folder_of_images_is_refused_where_no_table_names_them(tmp_path: Path) -> None:
    class_folders(tmp_path / "folders", each=2)
    (tmp_path / "elsewhere").mkdir()
    np.savez(tmp_path / "a.npz", train_images=np.zeros((2, 8, 8), np.uint8), train_labels=np.arange(2))
    for name in ("folders", "a.npz"):
        found = survey(tmp_path / name, images=tmp_path / "elsewhere")
        assert [each.kind for each in found.problems] == ["no_layout"]
        assert found.problems[0].text.endswith("has no table that names images: leave it out")
