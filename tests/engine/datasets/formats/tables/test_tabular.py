"""Layouts that are tables or array files, as they are met in the wild and as they are broken."""

import os
from pathlib import Path

import numpy as np
import pytest
from pictures import class_folders, draw, touch

from engine.datasets.formats.names.image_names import file_name_of
from engine.datasets.index import SKIPPED, SPLITS, Survey
from engine.datasets.indexing import survey_folder
from engine.datasets.packed import pack
from engine.datasets.pixels.decode import Look
from engine.datasets.pixels.open_image import open_image
from engine.datasets.read_options import ReadOptions


def survey(path: Path, **options: object) -> Survey:
    return survey_folder(path, ReadOptions(**options))  # type: ignore[arg-type]


def kinds(found: Survey, severity: str = "error") -> list[str]:
    return [problem.kind for problem in found.problems if problem.severity == severity]


def table(path: Path, text: str, images: int = 8, folder: str = "pictures", suffix: str = ".png") -> Path:
    """A CSV beside a folder with images `a0` to `a7`."""
    touch(path.parent / folder, *(f"a{number}{suffix}" for number in range(images)))
    path.write_bytes(text.encode())
    return path


ROWS = "".join(f"a{number},{number % 2}\n" for number in range(8))


def test_kaggles_table_has_both_eyes_of_a_patient_and_no_split(tmp_path: Path) -> None:
    names = [f"{patient}_{eye}" for patient in range(20) for eye in ("left", "right")]
    touch(tmp_path / "train", *(f"{name}.jpeg" for name in names))
    rows = "".join(f"{name},{number // 2 % 2}\n" for number, name in enumerate(names))
    (tmp_path / "trainLabels.csv").write_text("image,level\n" + rows)
    found = survey(tmp_path).checked()
    assert found.kind == "Kaggle's trainLabels.csv, images in train" and found.root == tmp_path / "train"
    assert found.names[0] == "0_left.jpeg" and found.counts("test") == [4, 4]
    assert found.groups is not None and found.groups[:3] == ("0", "0", "1")
    assert found.describe().endswith("20 groups by names <patient>_left and _right")


def test_aptos_takes_the_table_with_labels(tmp_path: Path) -> None:
    touch(tmp_path / "train_images", "0a.png", "1b.png", "2c.png", "3d.png")
    touch(tmp_path / "test_images", "4e.png")
    (tmp_path / "train.csv").write_text("id_code,diagnosis\n0a,0\n1b,1\n2c,0\n3d,1\n")
    (tmp_path / "test.csv").write_text("id_code\n4e\n")
    (tmp_path / "sample_submission.csv").write_text("id_code,diagnosis\n4e,0\n")
    (tmp_path / "train_images" / "notes.txt").write_text("")
    found = survey(tmp_path, test_fraction=0.5)
    index = found.checked()
    assert index.kind == "APTOS' train.csv, images in train_images"
    assert index.counts("train") == index.counts("test") == [1, 1]
    not_used = "not used: sample_submission.csv (has made-up labels); test.csv (has no column of labels)"
    assert not_used in [problem.text for problem in found.problems]


@pytest.mark.parametrize("shape", [(28, 28, 3), (28, 28)])
def test_medmnist_is_read_packed_and_named_by_split_and_number(
    tmp_path: Path, shape: tuple[int, ...]
) -> None:
    sizes = {"train": 6, "val": 3, "test": 4}
    arrays = {}
    for split, size in sizes.items():
        arrays[f"{split}_images"] = np.random.default_rng(size).integers(0, 255, (size, *shape), np.uint8)
        arrays[f"{split}_labels"] = (np.arange(size, dtype=np.uint8) % 3)[:, None]
    np.savez_compressed(tmp_path / "retinamnist.npz", **arrays)
    for data in (tmp_path, tmp_path / "retinamnist.npz"):
        index = survey(data, val_fraction=0.5).checked()
        assert index.kind == "MedMNIST retinamnist.npz" and index.names[-1] == "retinamnist.npz#test/3"
        assert [index.splits.count(split) for split in sizes] == [6, 3, 4]
        assert index.counts("test") == [2, 1, 1] and index.ordered
    assert file_name_of(index.names[0]) == "retinamnist.npz"
    opened = np.asarray(open_image(tmp_path, "retinamnist.npz#val/2").convert("RGB"))
    wanted = arrays["val_images"][2]
    assert np.array_equal(opened, wanted if wanted.ndim == 3 else wanted[..., None].repeat(3, -1))
    with pytest.raises(FileNotFoundError):
        open_image(tmp_path, "retinamnist.npz#val/3")
    packed = pack(index, tmp_path / "cache", Look(28, "stretch", "none"))
    assert np.array_equal(packed.images[8], opened)


def test_array_files_that_are_none(tmp_path: Path) -> None:
    path = tmp_path / "x.npz"
    path.write_bytes(b"PK no zip")
    assert "cannot be read" in survey(path).problems[0].text
    np.savez(path, images=np.zeros(3))
    assert "no train_images" in survey(path).problems[0].text
    images, labels = np.zeros((2, 8, 8), np.uint8), np.zeros((2, 14), np.uint8)
    np.savez(path, train_images=images, train_labels=labels)
    assert "one label an image is needed" in survey(path).problems[0].text
    np.savez(path, train_images=images.astype(np.float32), train_labels=labels[:, :1])
    assert "uint8" in survey(path).problems[0].text
    np.savez(path, train_images=images, train_labels=np.array([{}, {}]))
    assert "cannot be read" in survey(path).problems[0].text


def test_a_table_has_splits_groups_and_words_in_any_dress(tmp_path: Path) -> None:
    text = "\ufeffPatient;Image name;Set;Retinopathy grade;;\r\n" + "".join(
        f'p{number // 2};"a{number}.PNG";{"training" if number < 5 else "Test"};{("mild", "none")[number % 2]};;\r\n'
        for number in range(8)
    )
    index = survey(table(tmp_path / "l.csv", text), class_names=("none", "mild")).checked()
    assert index.kind == "table l.csv, images in pictures" and index.root == tmp_path / "pictures"
    assert index.class_names == ("none", "mild") and index.ordered and index.labels[:2] == (1, 0)
    assert index.splits == ("train",) * 5 + ("test",) * 3
    assert index.group_rule == "column Patient" and index.groups is not None and index.groups[3] == "p1"
    assert survey(tmp_path).checked().labels == (0, 1) * 4, "without class_names words are sorted"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (ROWS, "l.csv without header has images in column 1, labels in column 2"),
        ("image,level\n" + ROWS, "l.csv has images in column image, labels in column level"),
        (
            "photo_of_eye,finding\n" + ROWS,
            "l.csv has images in column photo_of_eye, labels in column finding",
        ),
        ("a,b,image\n" + "".join(f"0,{n % 2},a{n}\n" for n in range(8)), ""),
        (
            'who,image,label\n"A, B",a0,0\n' + "".join(f'"A, B",a{n},{n % 2}\n' for n in range(1, 8)),
            "l.csv has images",
        ),
    ],
)
def test_columns_and_headers_are_found_or_asked_for(tmp_path: Path, text: str, reason: str) -> None:
    found = survey(table(tmp_path / "l.csv", text))
    if reason:
        assert found.why.startswith(reason) and len(found.checked().names) == 8
        assert (kinds(found, "warning") == ["no_header"]) == ("without header" in reason)
    else:
        assert "name one as label_column (a, b, image)" in found.problems[0].text
        assert survey(tmp_path / "l.csv", label_column="b").checked().counts("train") == [3, 3]
        assert "no column 'c'" in survey(tmp_path / "l.csv", label_column="c").problems[0].text


def test_tables_for_each_split_may_have_folders_of_their_own(tmp_path: Path) -> None:
    for split, first in (("train", 0), ("test", 6)):
        touch(tmp_path / split, *(f"a{number}.jpg" for number in range(first, first + 6)))
        rows = "".join(f"a{number},{number % 2}\n" for number in range(first, first + 6))
        (tmp_path / f"{split}.csv").write_text("image,label\n" + rows)
    index = survey(tmp_path).checked()
    assert index.kind == "tables train.csv and test.csv, images in train and test"
    assert index.names[0] == "train/a0.jpg" and index.names[-1] == "test/a11.jpg"
    assert index.counts("train") == index.counts("test") == [3, 3]


def test_several_tables_are_not_guessed_between(tmp_path: Path) -> None:
    table(tmp_path / "one.csv", "image,label\n" + ROWS)
    (tmp_path / "two.csv").write_text("image,label\n" + ROWS)
    assert "several tables of images and labels (one.csv, two.csv)" in survey(tmp_path).problems[0].text
    assert survey(tmp_path / "two.csv").usable


def test_all_that_is_wrong_is_said_at_once(tmp_path: Path) -> None:
    rows = ["a0,0", "a0,1", "a1,9", "a2,", "a3,nan", "a4,two", "gone,1", "../x,0", "/etc/passwd,0", "a5,-1"]
    rows += ["a6,01", "a7,1.0", "a8,0", "a9,1,1", "a10,0"]
    found = survey(table(tmp_path / "l.csv", "image,label\n" + "\n".join(rows) + "\n", images=12))
    assert sorted(kinds(found)) == [
        "duplicate_names",
        "label_out_of_range",
        "label_slip",
        "missing_files",
        "missing_label",
        "negative_label",
        "outside_names",
        "ragged_rows",
    ]
    counts = {problem.kind: problem.count for problem in found.problems}
    assert counts["missing_label"] == 2 and counts["outside_names"] == 2 and counts["extra_files"] == 2
    assert found.index is not None and found.index.class_names == ("0", "1")
    used = sorted(found.index.names[row] for row in found.index.used)
    assert used == ["a0.png", "a10.png", "a6.png", "a7.png", "a8.png", "gone"], (
        "missing ones count, but not if skipped"
    )
    assert not found.usable


def test_rows_without_a_file_keep_their_place_and_are_in_no_split(tmp_path: Path) -> None:
    path = table(tmp_path / "l.csv", "image,label\n" + ROWS + "gone,1\n../x,0\n")
    assert kinds(survey(path), "error") == ["outside_names", "missing_files"]
    found = survey(path, on_bad="skip")
    assert kinds(found, "error") == ["outside_names"] and kinds(found, "warning") == ["missing_files"]
    assert found.index is not None and found.index.splits[found.index.names.index("gone")] == SKIPPED
    assert sum(map(sum, (found.index.counts(split) for split in SPLITS))) == len(found.index.used) == 8


def test_names_that_fit_two_files_and_folders_that_fit_two_names(tmp_path: Path) -> None:
    path = table(tmp_path / "l.csv", "image,label\n" + ROWS)
    touch(tmp_path / "pictures", "a0.jpg")
    found = survey(path)
    assert kinds(found, "warning") == ["ambiguous_names"] and found.checked().names[0] == "a0.jpg"
    touch(tmp_path / "smaller", *(f"a{number}.png" for number in range(8)))
    assert "several_folders" in kinds(survey(path), "warning")
    index = survey(path, images=tmp_path / "smaller").checked()
    assert index.root == tmp_path / "smaller" and index.kind == "table l.csv, images in smaller"


def test_what_is_named_like_an_image_but_is_none(tmp_path: Path) -> None:
    path = table(tmp_path / "l.csv", "image,label\n" + ROWS, images=5)
    (tmp_path / "pictures" / "a5.png").mkdir()
    (tmp_path / "pictures" / "a6.png").symlink_to(tmp_path / "nowhere")
    os.mkfifo(tmp_path / "pictures" / "a7.png")
    found = survey(path)
    assert [problem.values for problem in found.problems if problem.kind == "missing_files"] == [
        ("a5", "a6", "a7")
    ]
    disk = class_folders(tmp_path / "disk", each=4)
    (tmp_path / "linked").mkdir()
    for folder in disk.iterdir():
        (tmp_path / "linked" / folder.name).symlink_to(folder)
    (tmp_path / "linked" / "class0" / "loop").symlink_to(tmp_path / "linked" / "class0")
    assert len(survey(tmp_path / "linked").checked().names) == 12


def test_remarks_are_no_labels(tmp_path: Path) -> None:
    rows = "".join(f"a{number},seen on day {number}\n" for number in range(30))
    assert kinds(survey(table(tmp_path / "l.csv", "image,remark\n" + rows, images=30)))[0] == "labels_differ"


def test_files_that_are_no_tables(tmp_path: Path) -> None:
    path = tmp_path / "l.csv"
    for content, says in (
        (b"", "is empty"),
        (b"\n\n,,\n", "is empty"),
        (b"image,label\n\xff\xfe,0\n", "not a CSV text file"),
        (b"a\0b,1\n", "zero bytes"),
        (b"image,label\n", "is empty|no column|no rows|leads|not in"),
        (b'"' + b"x" * 200_000, "not a CSV text file"),
    ):
        path.write_bytes(content)
        with pytest.raises(ValueError, match=says) as caught:
            survey(path).checked()
        assert "\n" not in str(caught.value)


def test_class_names_number_the_classes(tmp_path: Path) -> None:
    path = table(tmp_path / "l.csv", "image,label\n" + ROWS)
    index = survey(path, class_names=("healthy", "ill", "dead")).checked()
    assert index.class_names == ("healthy", "ill", "dead") and index.counts("train") == [3, 3, 0]
    found = survey(path, class_names=("healthy", "ill", "dead"))
    assert [problem.brief for problem in found.warnings] == ["no dead"]
    path.write_text(path.read_text().replace("a7,1", "a7,3"))
    assert "label 3 is too large for 3 classes" in survey(path, class_names=("x", "y", "z")).problems[0].text


def test_a_val_split_is_drawn_from_train_alone(tmp_path: Path) -> None:
    index = survey(class_folders(tmp_path, each=20), val_fraction=0.25).checked()
    assert [index.counts(split) for split in ("train", "val", "test")] == [[12] * 3, [4] * 3, [4] * 3]
    plain = survey(tmp_path).checked()
    assert plain.rows_of("test") == index.rows_of("test") and plain.fingerprint == index.fingerprint


def test_folders_of_splits_by_other_names(tmp_path: Path) -> None:
    for name in ("Training", "valid", "testing"):
        class_folders(tmp_path / name, each=2)
    assert [survey(tmp_path).checked().splits.count(split) for split in ("train", "val", "test")] == [6, 6, 6]
    draw(tmp_path / "Training" / "loose.png", 0, 0)
    assert kinds(survey(tmp_path), "note") == ["extra_files"]
