"""Folders as downloads and file managers leave them: copies, parts, wrappers, files near them."""

from pathlib import Path

import pytest
from trees import classes, tree

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
    assert names(tmp_path / "a") == names(tmp_path / "b") == ("cat", "dog", "owl")
    assert not [line for line in warned(tmp_path / "b") if "not used" in line]


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
