"""Images named on the command line: files, folders and tables of names."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from engine.datasets.formats.names.image_files import IMAGE_SUFFIXES
from engine.datasets.formats.names.image_names import check_inside
from engine.datasets.formats.names.places import Places
from engine.datasets.formats.names.walk import walk_images
from engine.datasets.formats.problems import DataError
from engine.datasets.formats.tables.image_column import find_image_column
from engine.datasets.formats.tables.table_files import is_table, read_table
from engine.datasets.read_options import ReadOptions


@dataclass(frozen=True)
class Named:
    """One image to predict."""

    name: str
    """Name as the user wrote it."""
    path: Path
    problem: str | None = None
    """Reason why the image is known to be unreadable before it is opened."""


def images_of(paths: Sequence[str]) -> Iterator[Named]:
    """Yield the images of files, of folders (all below them, sorted by name) and of tables."""
    for given in paths:
        path = Path(given)
        try:
            if path.is_dir():
                yield from _below(path)
            elif is_table(path.name):
                yield from _table(path)
            else:
                yield Named(given, path)
        except DataError as error:
            yield Named(given, path, str(error))


def _below(folder: Path) -> Iterator[Named]:
    """Yield all images below a folder, following links, such as the one that `data split` makes. Raises DataError."""
    problems: list[DataError] = []
    names = walk_images(folder, problems.append)
    for name in names:
        yield Named(str(folder / name), folder / name)
    for problem in problems:
        yield Named(str(folder), folder, str(problem))
    if not names and not problems:
        yield Named(str(folder), folder, f"{folder} holds no images ({' '.join(IMAGE_SUFFIXES)})")


def _table(path: Path) -> Iterator[Named]:
    """Yield the images of a table's image column, or of its first column where none is recognised.

    The files are looked for in the table's folder and below. Raises DataError."""
    table = read_table(path)
    places = Places(path.parent)
    images = find_image_column(table, ReadOptions(), places)
    for row in table.rows[images.has_header :]:
        yield _named(path, places, row[images.place or 0])
    for number in table.ragged:
        yield Named("", path, f"{path}: row {number} has fewer or more cells than most rows")


def _named(table: Path, places: Places, name: str) -> Named:
    if not name:
        return Named(name, table, f"{table}: a row without an image name")
    if (found := places.find(name)) is not None:
        return Named(name, found)
    try:
        check_inside(name)
    except DataError as error:
        return Named(name, table, f"{table}: {error}")
    return Named(name, table, f"{table}: there is no image {name!r} in {table.parent} or a folder in it")
