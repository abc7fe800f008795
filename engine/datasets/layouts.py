"""Recognise how a data set lies on disk: which images there are, with which label, in which split."""

import csv
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

IMAGE_SUFFIXES = (".jpeg", ".jpg", ".png", ".tif", ".tiff", ".webp", ".bmp")
LAB_FILES = ("train_img.csv", "train_label.csv", "test_img.csv", "test_label.csv")
MAX_FILES = 2_000_000
HEADINGS = ("image", "images", "name", "img", "file", "filename", "id", "id_code", "image_id", "path", "0")
"""What people call a column of image names, in lower case."""
SPLIT_FOLDERS = ("train", "test", "val")


class DataError(ValueError):
    """The data cannot be used; one line that says what to do."""


@dataclass(frozen=True)
class Row:
    """One image as the data set names it."""

    file: str
    """Its path below the layout's root, with suffix."""
    label: str
    split: str | None


@dataclass(frozen=True)
class Layout:
    """What was recognised: `kind` says it in words."""

    kind: str
    root: Path
    rows: tuple[Row, ...]


def recognise(path: Path) -> Layout:
    """Find out which layout a folder has. Raises DataError where it has none."""
    if not path.exists():
        raise DataError(
            f"{path} does not exist: give a folder with images, or digits, fundus, fundus-balanced"
        )
    if not path.is_dir():
        raise DataError(f"{path} is a file: give the folder that holds the images and their labels")
    try:
        names = {entry.name for entry in path.iterdir()}
    except PermissionError:
        raise DataError(f"{path} cannot be read: check its permissions") from None
    if names & set(LAB_FILES):
        return _lab(path, names)
    if any((path / split).is_dir() for split in ("train", "test")):
        return _split_folders(path)
    return _class_folders(path)


def is_image(name: str) -> bool:
    return name.lower().endswith(IMAGE_SUFFIXES) and not name.startswith(".")


def _lab(path: Path, names: set[str]) -> Layout:
    """Four CSVs of one column without header: image names and labels of each split."""
    for name in LAB_FILES:
        if name not in names:
            raise DataError(f"{path} has {', '.join(sorted(names & set(LAB_FILES)))} but no {name}: add it")
    rows: list[tuple[str, str, str]] = []
    for split in ("train", "test"):
        images, labels = path / f"{split}_img.csv", path / f"{split}_label.csv"
        rows += [(name, label, split) for name, label in _paired(images, labels)]
    folder, known = _image_folder(path, [name for name, _, _ in rows])
    rows = _without_headers(rows, known)
    _check_labels(rows)
    files = _resolve(folder, known, [name for name, _, _ in rows])
    inside = "" if folder == path else f", images in {folder.relative_to(path)}"
    found = zip(files, rows, strict=True)
    return Layout(
        f"lab CSVs{inside}", folder, tuple(Row(file, label, split) for file, (_, label, split) in found)
    )


def _paired(images: Path, labels: Path) -> list[tuple[str, str]]:
    names, values = _column(images), _column(labels)
    if len(names) != len(values):
        raise DataError(
            f"{images.name} has {len(names)} rows but {labels.name} has {len(values)}: they must pair up row by row"
        )
    if len(values) > 1 and not _is_whole(values[0]) and all(map(_is_whole, values[1:])):
        names, values = names[1:], values[1:]
    return list(zip(names, values, strict=True))


def _column(path: Path) -> list[str]:
    """The one column of a CSV. Raises DataError for an empty file, further columns or what is not text."""
    try:
        with path.open(newline="", encoding="utf-8-sig") as lines:
            rows = [row for row in csv.reader(lines) if row]
    except (UnicodeDecodeError, csv.Error) as error:
        raise DataError(f"{path} is not a CSV text file ({error}): save it as UTF-8 CSV") from None
    if not rows:
        raise DataError(f"{path} is empty: it needs one image or label a row")
    for number, row in enumerate(rows, 1):
        if len(row) != 1:
            raise DataError(f"{path} has {len(row)} columns in row {number}: it must have one")
    return [row[0].strip() for row in rows]


def _is_whole(text: str) -> bool:
    return text.lstrip("+-").isdecimal()


def _image_folder(path: Path, names: list[str]) -> tuple[Path, dict[str, str]]:
    """The folder (this one or a subfolder) where most names are images, and the file each name means there."""
    for name in names:
        check_inside(name)
    folders = [path, *sorted(entry for entry in path.iterdir() if entry.is_dir())]
    listings = {folder: _images_below(folder) for folder in folders}
    folder = max(folders, key=lambda each: sum(name in listings[each] for name in names))
    return folder, listings[folder]


def _without_headers(rows: list[tuple[str, str, str]], known: dict[str, str]) -> list[tuple[str, str, str]]:
    """Drop a split's first row where it names no image although the next one does."""
    kept = []
    for number, row in enumerate(rows):
        is_first = number == 0 or rows[number - 1][2] != row[2]
        next_is_image = (
            number + 1 < len(rows) and rows[number + 1][0] in known and rows[number + 1][2] == row[2]
        )
        if not (is_first and row[0] not in known and next_is_image and row[0].lower() in HEADINGS):
            kept.append(row)
    return kept


def _check_labels(rows: list[tuple[str, str, str]]) -> None:
    """A word among numbers is a slip, not a class."""
    words = [(name, label) for name, label, _ in rows if label and not _is_whole(label)]
    if words and len(words) * 2 < len(rows):
        name, label = words[0]
        raise DataError(f"label {label!r} of image {name!r} is no number, as most labels are: mend it")


def _resolve(folder: Path, known: dict[str, str], names: list[str]) -> list[str]:
    missing = [name for name in names if name not in known]
    if missing:
        raise DataError(
            f"{len(missing)} of {len(names)} images are not in {folder}, the first is {missing[0]!r}: "
            "put them there or take their rows out"
        )
    return [known[name] for name in names]


def check_inside(name: str) -> None:
    """Raise DataError for an image name that is empty or leads out of the image folder."""
    path = PurePosixPath(name)
    if not name or path.is_absolute() or ".." in path.parts or "\0" in name:
        raise DataError(f"image name {name!r} leads out of the image folder: use names below it")


def _images_below(folder: Path) -> dict[str, str]:
    """Every way to name an image of a folder (with and without suffix) and the file it means."""
    files = sorted(entry.name for entry in folder.iterdir() if is_image(entry.name))
    return {Path(file).stem: file for file in reversed(files)} | {file: file for file in files}


def _split_folders(path: Path) -> Layout:
    rows: list[Row] = []
    splits = [split for split in SPLIT_FOLDERS if (path / split).is_dir()]
    for split in splits:
        rows += [Row(f"{split}/{row.file}", row.label, split) for row in _rows_of_classes(path / split)]
    if "train" not in splits:
        raise DataError(f"{path} has a folder test but no folder train: add it")
    return Layout(f"class folders in {', '.join(splits)}", path, tuple(rows))


def _class_folders(path: Path) -> Layout:
    rows = tuple(_rows_of_classes(path))
    if len({row.label for row in rows}) < 2:
        raise DataError(
            f"{path} holds no layout that is known: it needs the four CSVs {', '.join(LAB_FILES)}, "
            "or a folder of images for each class"
        )
    return Layout("class folders", path, rows)


def _rows_of_classes(path: Path) -> Iterator[Row]:
    seen = 0
    for folder in sorted(entry for entry in path.iterdir() if entry.is_dir() and entry.name[0] != "."):
        files: list[Path] = []
        for inside, _, names in os.walk(folder):
            seen += len(names) + 1
            if seen > MAX_FILES:
                raise DataError(
                    f"{path} holds over {MAX_FILES:,} files: give the folder of the images itself"
                )
            files += [Path(inside, name) for name in names if is_image(name)]
        for file in sorted(files):
            yield Row(file.relative_to(path).as_posix(), folder.name, None)
