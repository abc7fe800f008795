"""Folders that systems and programs make are passed over everywhere."""

from pathlib import Path

import pytest
from trees import classes, tree

from engine.datasets.formats.names.walk import holds_images, is_clutter, is_readme, subfolders, walk_images
from engine.datasets.indexing import survey_folder
from engine.datasets.read_options import ReadOptions

CLUTTER = (
    "@eaDir", "#recycle", "#snapshot", "@tmp", "@Recycle", ".@__thumb", "$RECYCLE.BIN",
    "System Volume Information", "lost+found", ".ipynb_checkpoints", "__MACOSX", ".Trash-1000", ".AppleDouble",
    "__pycache__", ".git", "@Transcode", "files_trashbin", "node_modules",
)  # fmt: skip


@pytest.mark.parametrize("name", CLUTTER)
def test_clutter_is_no_class_and_in_no_class(tmp_path: Path, name: str) -> None:
    plain = tree(tmp_path / "plain", *classes("."))
    top = tree(tmp_path / "top", *classes("."), f"{name}/cat000.jpg/SYNOPHOTO_THUMB_M.jpg", f"{name}/x.jpg")
    inside = tree(
        tmp_path / "in", *classes("."), f"cat/{name}/cat000.jpg/THUMB.jpg", f"dog/{name}/dog000.jpg"
    )
    splits = tree(
        tmp_path / "s", *classes("train"), *classes("test"), f"train/{name}/x.jpg", f"{name}/train/a/x.jpg"
    )
    wanted = survey_folder(plain, ReadOptions()).checked().names
    for folder in (top, inside):
        found = survey_folder(folder, ReadOptions())
        assert found.checked().names == wanted and not found.problems
    found = survey_folder(splits, ReadOptions())
    assert len(found.checked().names) == 16 and not found.problems


def test_a_table_does_not_look_for_its_images_in_clutter(tmp_path: Path) -> None:
    tree(tmp_path, "images/a#.jpg*8", "@eaDir/a#.jpg*8", "$RECYCLE.BIN/a#.jpg*8", "lost+found/a#.jpg*8")
    rows = "".join(f"a00{number},{number % 2}\n" for number in range(8))
    (tmp_path / "labels.csv").write_text("image,label\n" + rows)
    found = survey_folder(tmp_path, ReadOptions())
    assert found.checked().root == tmp_path / "images" and not found.problems


def test_files_that_are_clutter(tmp_path: Path) -> None:
    assert all(map(is_clutter, ("Thumbs.db", ".DS_Store", "._a.jpg", "desktop.ini", "@EADIR")))
    assert not any(map(is_clutter, ("cat", "recycle", "snapshot", "lost", "@home", "eaDir")))
    others: list[str] = []
    tree(tmp_path, "a/1.jpg", "a/._1.jpg", "a/Thumbs.db", "a/b/2.dcm")
    assert walk_images(tmp_path, others=others) == ["a/1.jpg"] and others == ["a/b/2.dcm"]


def test_a_folder_with_links_to_itself_holds_no_images(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    for name in "xyz":
        (tmp_path / "a" / name).symlink_to(tmp_path)
    assert not holds_images(tmp_path) and subfolders(tmp_path) == [tmp_path / "a"]
    assert holds_images(tree(tmp_path, "a/b/c/1.png"))


@pytest.mark.parametrize("name", ["recycled", "recycler", "Recycled", "venv", "trashbox", "snapshot"])
def test_words_that_people_use_are_classes(tmp_path: Path, name: str) -> None:
    found = survey_folder(tree(tmp_path, *classes(".", "organic", name)), ReadOptions())
    assert set(found.checked().class_names) == {"organic", name}


@pytest.mark.parametrize("name", ["license_plates", "notice_types", "requirements_met", "licences_by_state"])
def test_a_table_whose_name_begins_like_a_text_beside_the_data_is_read(tmp_path: Path, name: str) -> None:
    tree(tmp_path, "a#.jpg*8")
    rows = "".join(f"a00{number}.jpg,{number % 2}\n" for number in range(8))
    (tmp_path / f"{name}.csv").write_text("image,label\n" + rows)
    assert survey_folder(tmp_path, ReadOptions()).checked().class_names == ("0", "1")


def test_texts_beside_the_data() -> None:
    names = (
        "README", "readme.txt", "README_dataset.md", "LICENSE", "License.txt", "licence.en.md", "LICENSE-MIT",
        "COPYING", "NOTICE.txt", "requirements.txt", "requirements-dev.txt", "LICENSE-2.0.txt",
    )  # fmt: skip
    assert all(map(is_readme, names))
