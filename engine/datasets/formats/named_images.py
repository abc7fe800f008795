"""Images that a user names on the command line: files, folders, tables of names. One at a time, however many."""

import csv
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from engine.datasets.formats.columns import IMAGE_HEADINGS
from engine.datasets.formats.names import IMAGE_SUFFIXES, check_inside, is_image
from engine.datasets.formats.problems import DataError
from engine.datasets.formats.tables import heading


@dataclass(frozen=True)
class Named:
    """One image; `name` is how the user knows it, `problem` why it is already known to be unreadable."""

    name: str
    path: Path
    problem: str | None = None


def images_of(paths: Sequence[str]) -> Iterator[Named]:
    """The images of files, of folders with all below them in the order of their names, and of CSVs."""
    for given in paths:
        path = Path(given)
        if os.path.isdir(path):
            yield from _below(path)
        elif path.suffix.lower() == ".csv":
            yield from _table(path)
        else:
            yield Named(given, path)


def _below(folder: Path) -> Iterator[Named]:
    found = False
    problems: list[OSError] = []
    for inside, folders, names in os.walk(folder, onerror=problems.append):
        folders.sort()
        for name in sorted(filter(is_image, names)):
            found = True
            path = Path(inside, name)
            yield Named(str(path), path)
    for error in problems:
        yield Named(
            str(error.filename), Path(error.filename), f"{error.filename} cannot be read: {error.strerror}"
        )
    if not found and not problems:
        yield Named(str(folder), folder, f"{folder} holds no images ({' '.join(IMAGE_SUFFIXES)})")


def _table(path: Path) -> Iterator[Named]:
    """The names in a CSV's image column, else its first one; they lie in its folder or in a folder beside it."""
    try:
        with path.open(newline="", encoding="utf-8-sig") as lines:
            rows = (row for row in csv.reader(lines) if row)
            first = next(rows, None)
            if first is None:
                yield Named(str(path), path, f"{path} is empty: it needs an image name a row")
                return
            headings = [heading(cell) for cell in first]
            column = next((place for place, cell in enumerate(headings) if cell in IMAGE_HEADINGS), None)
            folders = _folders(path.parent)
            if column is None or _find(folders, first[column].strip()) is not None:
                yield _row(path, folders, first, column or 0)
            for row in rows:
                yield _row(path, folders, row, column or 0)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        yield Named(str(path), path, f"{path} cannot be read as a CSV of names: {error}")


def _row(table: Path, folders: list[Path], row: list[str], column: int) -> Named:
    name = row[column].strip() if column < len(row) else ""
    if not name:
        return Named(name, table, f"{table}: a row without an image name")
    try:
        check_inside(name)
    except DataError as error:
        return Named(name, table, f"{table}: {error}")
    found = _find(folders, name)
    if found is None:
        return Named(name, table, f"{table}: there is no image {name!r} in {table.parent} or a folder in it")
    return Named(name, found)


def _folders(folder: Path) -> list[Path]:
    """Where a table's images may lie: beside it, or one folder deeper."""
    return [folder, *sorted(entry for entry in folder.iterdir() if entry.is_dir())]


def _find(folders: list[Path], name: str) -> Path | None:
    """The file that a name means, with or without its suffix. The folder where one was found is asked first next."""
    for place, folder in enumerate(folders):
        for suffix in ("", *IMAGE_SUFFIXES, *map(str.upper, IMAGE_SUFFIXES)):
            path = folder / f"{name}{suffix}"
            if is_image(path.name) and os.path.isfile(path):
                folders.insert(0, folders.pop(place))
                return path
    return None
