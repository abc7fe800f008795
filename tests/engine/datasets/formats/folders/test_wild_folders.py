"""Folders as downloads and file managers leave them: copies, parts, wrappers, files near them."""

from pathlib import Path

import pytest
from trees import classes, tree

from engine.datasets.formats.problems import DataError
from engine.datasets.index import Survey
from engine.datasets.indexing import survey_folder
from engine.datasets.read_options import ReadOptions


def survey(path: Path) -> Survey:
    return survey_folder(path, ReadOptions())


def names(path: Path) -> tuple[str, ...]:
    return survey(path).checked().class_names


def warned(path: Path) -> list[str]:
    return [problem.text.replace(f"{path}", "D") for problem in survey(path).problems]


@pytest.mark.parametrize("inside", ["plants", "plants/plants", "backup/old", "plants/train"])
def test_a_copy_of_the_data_set_in_itself_is_no_class(tmp_path: Path, inside: str) -> None:
    tree(tmp_path, *classes("plants"), *classes(f"plants/{inside}"))
    copy = inside.partition("/")[0]
    assert names(tmp_path / "plants") == names(tmp_path) == ("cat", "dog")
    [line] = warned(tmp_path / "plants")
    assert line.startswith(f"8 images in {copy} of D are not used: folders called like the classes are in it")


def test_a_copy_of_the_classes_in_a_split_is_no_class(tmp_path: Path) -> None:
    tree(tmp_path, *classes("train"), *classes("train/pets"), *classes("test"))
    assert names(tmp_path) == ("cat", "dog")
    assert [line for line in warned(tmp_path) if line.startswith("8 images in pets of D/train are not used")]


def test_folders_in_classes_called_like_other_classes_are_no_copies(tmp_path: Path) -> None:
    confused = [line for outer in ("cat", "dog", "owl") for line in classes(outer, "cat", "dog", "owl")]
    tree(tmp_path / "a", *confused)
    tree(tmp_path / "b", *classes(".", "cat", "dog", "owl"), *classes("cat", "dog"))
    tree(
        tmp_path / "c",
        *classes(".", "cat", "dog", "owl", "fox"),
        *classes("cat", "dog", "owl"),
        *classes("dog", "cat"),
    )
    assert names(tmp_path / "a") == names(tmp_path / "b") == ("cat", "dog", "owl")
    assert names(tmp_path / "c") == ("cat", "dog", "fox", "owl")
    assert not [line for each in "bc" for line in warned(tmp_path / each) if "not used" in line]


def test_numbered_folders_of_patients_in_numbered_classes_are_no_copies(tmp_path: Path) -> None:
    patients = {0: (0, 1, 2, 3), 1: (1, 2, 3), 2: (17,), 3: (18, 19)}
    tree(tmp_path, *(f"{grade}/{patient}/#.jpg*2" for grade, many in patients.items() for patient in many))
    assert names(tmp_path) == ("0", "1", "2", "3")
    tree(tmp_path, *classes("digits", "0", "1", "2", "3"))
    assert "digits" in names(tmp_path)
    said = "folders taken as classes hold folders called like other classes: digits of D: move them out"
    assert [line for line in warned(tmp_path) if line.startswith(said)]


def test_a_copy_of_numbered_classes_is_left_out(tmp_path: Path) -> None:
    tree(tmp_path, *classes(".", "0", "1", "2"), *classes("digits", "0", "1", "2"))
    assert names(tmp_path) == ("0", "1", "2")


@pytest.mark.parametrize(
    "copy",
    [
        "cat (1)", "cat(2)", "Copy of cat", "Copy (2) of cat", "cat - Copy", "cat - Copy (2)", "cat copy", "cat copy 2",
        "cat - Kopie", "Kopie von cat", "cat_copy", "cat_backup", "cat-old", "CAT_bak", "Copy of Copy of cat",
    ],
)  # fmt: skip
def test_folders_called_like_copies_of_classes_are_told_of(tmp_path: Path, copy: str) -> None:
    tree(tmp_path, *classes("."), f"{copy}/#.jpg*4")
    assert copy in names(tmp_path)
    [line] = [line for line in warned(tmp_path) if "copies" in line]
    assert line.startswith(f"folders taken as classes look like copies of class folders: {copy}: move")


@pytest.mark.parametrize("name", ["owl (1)", "copy", "old", "scold", "Copy of owl", "photocopy", "cat 2"])
def test_other_names_are_no_copies(tmp_path: Path, name: str) -> None:
    tree(tmp_path, *classes("."), f"{name}/#.jpg*4")
    assert not [line for line in warned(tmp_path) if "copies" in line]


@pytest.mark.parametrize(
    "name", ["wandb", "runs", "Neuer Ordner", "Neuer Ordner (2)", "mlruns", "readme_images"]
)
def test_folders_kept_beside_classes_are_told_of(tmp_path: Path, name: str) -> None:
    tree(tmp_path, *classes("."), f"{name}/#.jpg*4")
    assert [line for line in warned(tmp_path) if f"taken as classes, with their images: {name} (4):" in line]


DRIVE = "pets-20230101T000000Z"


@pytest.mark.parametrize("first, second", [("001", "002"), ("1-001", "1-002")])
@pytest.mark.parametrize("inside", ["", "/pets"])
def test_parts_of_google_drive_are_read_together(
    tmp_path: Path, first: str, second: str, inside: str
) -> None:
    tree(tmp_path, *classes(f"{DRIVE}-{first}{inside}"), *classes(f"{DRIVE}-{second}{inside}", "dog", each=3))
    index = survey(tmp_path).checked()
    assert index.class_names == ("cat", "dog") and len(index.labels) == 11 and warned(tmp_path) == []


@pytest.mark.parametrize("inside", ["", "/pets"])
def test_parts_of_google_drive_with_splits_inside(tmp_path: Path, inside: str) -> None:
    first, second = f"{DRIVE}-001{inside}", f"{DRIVE}-002{inside}"
    tree(
        tmp_path, *classes(f"{first}/train"), *classes(f"{second}/train"), *classes(f"{second}/test", each=2)
    )
    tree(tmp_path, *classes(f"{second}/extra"))
    index = survey(tmp_path).checked()
    assert index.class_names == ("cat", "dog")
    assert index.counts("train") == [8, 8] and index.counts("test") == [2, 2]
    assert [line for line in warned(tmp_path) if f"8 images in {second}/extra of D are not used" in line]


@pytest.mark.parametrize("inside", ["", "/pets"])
@pytest.mark.parametrize("split", [False, True])
def test_one_part_of_google_drive_is_looked_into(tmp_path: Path, inside: str, split: bool) -> None:
    for each in ("/train", "/test") if split else ("",):
        tree(tmp_path, *classes(f"{DRIVE}-001{inside}{each}"))
    assert names(tmp_path) == names(tmp_path / f"{DRIVE}-001") == ("cat", "dog")


def test_classes_downloaded_apart_from_google_drive(tmp_path: Path) -> None:
    tree(tmp_path, "cat-20230101T000000Z-001/cat/#.jpg*4", "dog-20230101T000100Z-001/dog/#.jpg*4")
    assert names(tmp_path) == ("cat", "dog")


def test_a_table_in_a_part_of_google_drive_is_found(tmp_path: Path) -> None:
    pets = tmp_path / f"{DRIVE}-001" / "pets"
    tree(pets, "#.jpg*8")
    (pets / "labels.csv").write_text(
        "image,label\n" + "".join(f"{i:03}.jpg,{'cd'[i % 2]}\n" for i in range(8))
    )
    assert names(tmp_path) == ("c", "d")


@pytest.mark.parametrize("text", ["0010 3\n" * 9, "p0010.jpg,1\n", "page0010 2\n", "s1/page0010.jpg x\n"])
@pytest.mark.parametrize("place", ["fold.txt", "top/fold.txt", "top/other/fold.txt"])
def test_a_file_outside_the_data_refuses_nothing(tmp_path: Path, text: str, place: str) -> None:
    data = tmp_path / "top" / "data"
    tree(data, *(f"s{n}/{start}0010.jpg" for n in (1, 2) for start in ("", "p", "page")))
    before = survey(data).checked().class_names
    (tmp_path / place).parent.mkdir(exist_ok=True)
    (tmp_path / place).write_text(text)
    assert survey(data).checked().class_names == before == ("s1", "s2")


@pytest.mark.parametrize("files", [["a.csv"], ["a.csv", "b.txt"]])
def test_files_in_the_data_that_name_images_of_numbered_folders_refuse_them(
    tmp_path: Path, files: list[str]
) -> None:
    tree(tmp_path, *(f"s{n}/page{n}010.jpg" for n in (1, 2)))
    (tmp_path / "lists").mkdir()
    for file in files:
        (tmp_path / "lists" / file).write_text("page1010 2\npage2010 3\n")
    verb, given = ("names", "that") if len(files) == 1 else ("name", "one of them")
    with pytest.raises(DataError, match=f" {verb} their images: .*: give {given} as data"):
        survey(tmp_path).checked()


@pytest.mark.parametrize(
    ("image", "text", "is_named"),
    [
        ("0010.jpg", "0010 3\n", False),
        ("0010.jpg", "0010.jpg 3\n", True),
        ("0010.jpg", "10010.jpg 3\n", False),
        ("page0010.jpg", "page0010 3\n", True),
        ("page0010.jpg", "frontpage0010 3\n", False),
        ("p0010.jpg", "p0010 3\n", False),
        ("p0010.jpg", "x/p0010.jpg 3\n", True),
    ],
)
def test_files_outside_the_data_hold_labels_only_where_they_name_an_image(
    tmp_path: Path, image: str, text: str, is_named: bool
) -> None:
    tree(tmp_path, f"top/data/{image}")
    (tmp_path / "list.txt").write_text(text)
    with pytest.raises(DataError) as caught:
        survey(tmp_path / "top" / "data").checked()
    assert (f"the labels may be in {tmp_path / 'list.txt'}" in str(caught.value)) is is_named


def refused(path: Path) -> str:
    with pytest.raises(DataError) as caught:
        survey(path).checked()
    return str(caught.value).replace(f"{path}", "D")


@pytest.mark.parametrize(
    ("lines", "inner"),
    [
        (["Annotations/ant/a.mat", *classes("101_ObjectCategories")], "101_ObjectCategories"),
        (classes("download/pets/pets"), "download/pets/pets"),
        (
            [f"slides/breast/{line}" for line in classes("all", "cat/SOB/40X", "dog/SOB/40X")],
            "slides/breast/all",
        ),
        ([*classes("a/b/pets/train"), *classes("a/b/pets/test")], "a/b/pets"),
    ],
)
def test_a_refusal_names_the_folder_of_class_folders_below(
    tmp_path: Path, lines: list[str], inner: str
) -> None:
    tree(tmp_path, *lines)
    assert f"give D/{inner} as data if the folders in it (" in refused(tmp_path)
    assert names(tmp_path / inner) == ("cat", "dog")


@pytest.mark.parametrize("lines", [["a/b/scan1/#.jpg*3", "a/b/scan2/#.jpg*3"], ["a/b/cat/#.jpg*3"]])
def test_a_refusal_names_no_folder_where_none_holds_class_folders(tmp_path: Path, lines: list[str]) -> None:
    tree(tmp_path, *lines)
    assert "as data" not in refused(tmp_path)


def test_arrays_beside_the_folder_of_class_folders_are_no_class(tmp_path: Path) -> None:
    tree(tmp_path, "imdb/imdb.mat", "labels/train1.txt", *classes("images"))
    line = refused(tmp_path)
    assert "give D/images as data" in line and "convert" not in line


@pytest.mark.parametrize(
    "file",
    ["data/train-00000-of-00001.parquet", "3.0.1/x.tfrecord-00000-of-00001", "x.h5",
     "data_batch_1", "imdb/a.mat", "train/a.pkl"],
)  # fmt: skip
def test_files_of_many_images_are_told_of_by_their_names(tmp_path: Path, file: str) -> None:
    tree(tmp_path, file)
    line = refused(tmp_path)
    assert line.startswith(
        f"D holds no image, but files of arrays or tables that are not read ({file}): save"
    )


def test_arrays_in_class_folders_are_no_pictures_that_are_missed(tmp_path: Path) -> None:
    tree(tmp_path, *classes("."), "cat/features.mat", "dog/model.pt")
    assert warned(tmp_path) == []
    tree(tmp_path, "cat/a.npy")
    assert [
        line
        for line in warned(tmp_path)
        if ".npy (arrays: save them as .png, with one scale for all)" in line
    ]


def test_class_folders_of_arrays_are_told_of(tmp_path: Path) -> None:
    tree(tmp_path, "cat/#.mat*4", "dog/#.mat*4")
    assert ".mat (files of arrays or tables: save the images in them as .png)" in refused(tmp_path)
