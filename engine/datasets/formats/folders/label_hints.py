"""Places that may hold the labels of images in folders that are no classes: files near them, or their names."""

import os
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path

from engine.datasets.formats.folders.folder_files import DATA_SUFFIXES, first_images, has_images
from engine.datasets.formats.names.image_files import suffix_of
from engine.datasets.formats.names.walk import is_clutter, is_readme, subfolders
from engine.datasets.formats.tables.table_files import is_table
from engine.problem import WayOut

SAMPLE = 200
_READ_BYTES = 100_000
_MAX_NAMED = 3
_MAX_FOLDERS = 50
_MAX_READ = 200
_MAX_STEMS = 50
_MIN_LETTERS = 4
_NO_LABELS = frozenset(
    ("img", "image", "images", "dsc", "dscn", "pict", "pic", "photo", "scan", "frame", "file", "p", "screenshot")
)  # fmt: skip
"""Starts of file names that cameras and programs write."""


def ways_to_labels(path: Path, folders: Sequence[Path]) -> list[WayOut]:
    """Say where the labels of the images in `folders` of the data `path` seem to be, else how to give some."""
    samples = [_sample(folder) for folder in folders]
    naming, near = label_files(path, folders, [name for sample in samples for name in sample])
    if not naming and not near:
        naming = _files_above(path, [name for sample in samples for name in sample])
    ways = [_of_files(naming)] if naming else []
    if words := next(filter(None, map(labels_in_names, samples)), []):
        shown = ", ".join(words[:6]) + (" …" if len(words) > 6 else "")
        text = f"the labels seem to be in the names ({shown}): write a table with the columns image,label"
        ways.append(WayOut(text))
    if near and not naming:
        ways.append(_of_files(near))
    return ways or [
        WayOut("put the images of each class into a folder of its own"),
        WayOut("add a table with the columns image,label"),
    ]


def label_files(path: Path, folders: Iterable[Path], names: Sequence[str]) -> tuple[list[Path], list[Path]]:
    """List the files in `path`, a folder inside it or beside the images that may hold labels: those that name one of
    these images, and the others."""
    near = dict.fromkeys(file for folder in (path, *folders) for file in files_inside(folder))
    naming = [file for file in [*near][:_MAX_READ] if names_one(file, names)]
    return naming, [file for file in near if file not in naming]


def _files_above(path: Path, names: Sequence[str]) -> list[Path]:
    """List the files outside the data, in the parent of `path`, its parent and the folders inside these, that name one
    of these images."""
    parents = [parent for parent in path.parents[:2] if parent not in (Path(path.anchor), Path.home())]
    above = dict.fromkeys(file for parent in parents for file in files_inside(parent))
    return [file for file in [*above][:_MAX_READ] if names_one(file, names, is_outside=True)]


def labels_in_names(names: Sequence[str]) -> list[str]:
    """Return the words that most names start with, before a number, where they may be labels: `cat` of `cat.0.jpg`."""
    starts = Counter(
        found[1].rstrip(" _-.(").lower()
        for name in names
        if (found := re.match(r"([^\W\d_][^\d/]*)\d", name))
    )
    usual = {word: count for word, count in starts.items() if count > 1 and word not in _NO_LABELS}
    if len(usual) < 2 or sum(usual.values()) * 5 < len(names) * 4:
        return []
    return sorted(usual)


def said_of_files(files: Sequence[Path]) -> str:
    """List some files; those of a folder with many are named together: `train/labels/*.txt`."""
    many = Counter((file.parent, file.suffix) for file in files)
    said = dict.fromkeys(
        str(file.parent / f"*{file.suffix}" if many[file.parent, file.suffix] > _MAX_NAMED else file)
        for file in files
    )
    return ", ".join([*said][:_MAX_NAMED]) + (" …" if len(said) > _MAX_NAMED else "")


def _of_files(files: Sequence[Path]) -> WayOut:
    named = said_of_files(files)
    if is_table(files[0].name):
        given = "that" if len(files) == 1 else "one of them"
        return WayOut(
            f"the labels may be in {named}: give {given} as data, and the folder of its images with {{}}",
            "images",
        )
    return WayOut(f"the labels may be in {named}: write them as a CSV with the columns image,label")


def _sample(folder: Path) -> list[str]:
    """List some images of a folder, or of the folders in it."""
    for each in (folder, *subfolders(folder)):
        if has_images(each):
            return first_images(each, SAMPLE)
    return []


def files_inside(folder: Path) -> list[Path]:
    """List the files that may hold labels in a folder and the folders in it."""
    return [file for each in (folder, *subfolders(folder)[:_MAX_FOLDERS]) for file in data_files(each)]


def data_files(folder: Path) -> list[Path]:
    """List the files in a folder that may hold labels."""
    try:
        names = sorted(os.listdir(folder))
    except OSError:
        return []
    return [
        folder / name
        for name in names
        if suffix_of(name) in DATA_SUFFIXES
        and not is_clutter(name)
        and not is_readme(name)
        and "submission" not in name.lower()
    ]


def is_list_of_names(file: Path) -> bool:
    """Return True for a table of one column, such as the names of test images that nobody may see the labels of."""
    if suffix_of(file.name) not in (".csv", ".tsv", ".txt"):
        return False
    try:
        with file.open("rb") as opened:
            lines = opened.read(_READ_BYTES).decode(errors="replace").splitlines()
    except OSError:
        return False
    return len(lines) > 1 and not any(re.search(r"[,;\t|]|\S\s+\S", line) for line in lines)


def names_one(file: Path, names: Iterable[str], *, is_outside: bool = False) -> bool:
    """Return True where the start of a text file names one of these images, with or without its suffix.

    In a file outside the data a number is no name without its suffix, for numbers are in many files."""
    if not file.is_file():
        return False
    try:
        with file.open("rb") as opened:
            text = opened.read(_READ_BYTES).decode(errors="replace")
    except OSError:
        return False
    said = {_said(name, is_outside) for name in names} - {""}
    return any(
        each in text and re.search(rf"(?<!\w){re.escape(each)}(?!\w)", text)
        for each in sorted(said)[:_MAX_STEMS]
    )


def _said(name: str, is_outside: bool) -> str:
    """Return the part of an image's name that a text has to hold to name it; empty where that says too little."""
    stem = os.path.splitext(name)[0]
    if is_outside:
        return stem if len(re.sub(r"[\d\W_]", "", stem)) >= _MIN_LETTERS else name
    return stem if len(stem) >= _MIN_LETTERS else ""
