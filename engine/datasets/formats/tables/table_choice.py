"""Choice of the tables of images and labels among a folder's files."""

import contextlib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from engine.datasets.formats.names.image_files import is_image
from engine.datasets.formats.names.image_names import without_suffix
from engine.datasets.formats.names.places import Places
from engine.datasets.formats.names.walk import is_readme
from engine.datasets.formats.problems import DataError
from engine.datasets.formats.split_names import SPLITS, split_in_name
from engine.datasets.formats.tables.column_roles import Columns, find_columns
from engine.datasets.formats.tables.folder_splits import BY_FOLDER
from engine.datasets.formats.tables.given_columns import ColumnsUnclear
from engine.datasets.formats.tables.table_files import Table, TableError, is_table, read_table
from engine.datasets.read_options import ReadOptions
from engine.problem import WayOut

MAX_TABLES = 50
LEAST_SHARE = 0.1
"""Share of the rows of the longest table below which a table of bare numbers is no rival of it."""


@dataclass(frozen=True)
class Fit:
    """Table with known columns of images and labels."""

    table: Table
    columns: Columns
    are_files: bool
    """True where some of its names are image files."""

    @property
    def body(self) -> tuple[tuple[str, ...], ...]:
        return self.table.rows[1:] if self.columns.has_header else self.table.rows

    @property
    def name(self) -> str:
        return self.table.path.name

    @property
    def is_usual(self) -> bool:
        return is_usual(self.name)

    @property
    def split(self) -> str | None:
        """Split in the file's name; None where it names none."""
        return split_in_name(self.table.path.stem)


@dataclass(frozen=True)
class Failure:
    """Reason why a file is no table of images and labels, after its path."""

    reason: str
    ways: tuple[WayOut, ...] = ()
    names_images: bool = False
    """True where it names images that are here, and only its columns are unclear."""
    names_folders: bool = False
    """True where its image names have the folders that the images are in."""
    is_unread: bool = False
    """True for a file that is called a table, and that could not be read as one."""


@dataclass(frozen=True)
class Tables:
    """Tables of images and labels in a folder, and why each other file with the suffix of one is none, by name."""

    fits: Sequence[Fit]
    failures: Mapping[str, Failure]


def fit_table(path: Path, options: ReadOptions, places: Places) -> Fit:
    """Read a table and find its columns. Raises DataError where it has none of images or none of labels."""
    table = read_table(path)
    if takes_folders(table, options):
        options = replace(options, split_column="")
    columns = find_columns(table, options, places)
    if len(table.rows) == columns.has_header:
        raise DataError(f"{path} has a header and no rows: it needs a row for each image")
    names = [row[columns.image] for row in table.rows]
    are_files = places.best(names)[0].count(names) > 0 or bool(places.tree.read(names).read)
    return Fit(table, columns, are_files)


def takes_folders(table: Table, options: ReadOptions) -> bool:
    """Return True where the splits are to be those of the images' folders, and no column has that name."""
    return options.split_column == BY_FOLDER and BY_FOLDER not in map(str.lower, table.rows[0])


def find_tables(folder: Path, names: Iterable[str], options: ReadOptions) -> Tables:
    """Find the tables of images and labels among the files of a folder.

    Where the images of some tables exist, a table whose images do not exist fits only as the table of a split that
    none of the others has; its rows are then reported as missing."""
    fits: list[Fit] = []
    failures: dict[str, Failure] = {}
    places = Places(folder, options.images)
    for name in _candidates(names):
        if is_submission(name):
            failures[name] = Failure("has made-up labels: it is a sample of a submission")
            continue
        try:
            fits.append(fit_table(folder / name, options, places))
        except DataError as error:
            failures[name] = _failure(folder / name, error, places)
    others = _without_these_labels(fits)
    failures |= others
    fits = [fit for fit in fits if fit.name not in others]
    there = [fit for fit in fits if fit.are_files]
    if not there:
        return Tables(fits, failures)
    gone = [fit for fit in fits if not fit.are_files] + _fit_alike(folder, failures, there, places)
    splits = {fit.split for fit in there}
    chosen = [fit for fit in gone if None not in splits and fit.split and fit.split not in splits]
    used = {fit.name for fit in (*there, *chosen)}
    failures |= {fit.name: Failure("names no image that is here") for fit in gone}
    return Tables([*there, *chosen], {name: why for name, why in failures.items() if name not in used})


def _without_these_labels(fits: Sequence[Fit]) -> dict[str, Failure]:
    """Return the tables of other splits whose supposed labels are another column of the table of train."""
    train = next((fit for fit in fits if fit.split == "train" and fit.columns.label_heading), None)
    if train is None:
        return {}
    labels = train.columns.label_heading
    return {
        fit.name: Failure(f"has no column {labels}, which holds the labels in {train.name}")
        for fit in fits
        if fit.columns.label_heading not in ("", labels) and fit.columns.label_heading in train.columns.header
    }


def _candidates(names: Iterable[str]) -> list[str]:
    """Return the first files with the suffix of a table; a text file of an image's name is its annotation."""
    every = list(names)
    images = {without_suffix(name) for name in every if is_image(name)}
    tables = [name for name in filter(is_table, every) if not is_readme(name)]
    tables = [name for name in tables if not (name.endswith(".txt") and name.rpartition(".")[0] in images)]
    return sorted(sorted(tables, key=lambda name: (name.endswith(".txt"), name))[:MAX_TABLES])


def _failure(path: Path, error: DataError, places: Places) -> Failure:
    what, ways = error.problem.what, error.problem.ways_out
    reason = what.removeprefix(f"{path} ").removeprefix(f"{path}: ").replace(f"{path}", path.name)
    if not isinstance(error, ColumnsUnclear):
        is_unread = isinstance(error, TableError) and path.suffix.lower() not in (".txt", ".lst")
        return Failure(reason, ways, is_unread=is_unread)
    names = [name for name in error.names if name]
    found = places.best(names)[0].count(names) or len(places.tree.read(names).read)
    return Failure(
        reason,
        ways,
        names_images=found * 2 >= len(names) > 0,
        names_folders=sum("/" in name for name in names) * 2 > len(names),
    )


def _fit_alike(folder: Path, failures: Iterable[str], there: Sequence[Fit], places: Places) -> list[Fit]:
    """Read tables without header, whose images are all missing, with the columns of another split's table."""
    model = next((fit for fit in there if fit.split and not fit.columns.has_header), None)
    if model is None:
        return []
    columns = [str(column + 1) for column in (model.columns.image, *model.columns.labels)]
    options = replace(ReadOptions(), image_column=columns[0], label_column=columns[1])
    fits = []
    for name in failures:
        with contextlib.suppress(DataError):
            fit = fit_table(folder / name, options, places)
            fits += [fit] if fit.table.width == model.table.width else []
    return fits


def choose_tables(fits: Sequence[Fit]) -> list[Fit]:
    """Choose the only table, or one for each split by file name (`train.csv`, `test.csv`).

    A table whose images are bare numbers, such as one of results, is no rival of one that names files, nor a short one
    of a long one. Raises DataError where there are several tables and their names do not tell the splits apart."""
    fits = [fit for fit in fits if fit.is_usual] or fits
    if len(fits) == 1:
        return list(fits)
    by_split: dict[str, list[Fit]] = {}
    for fit in fits:
        if fit.split:
            by_split.setdefault(fit.split, []).append(fit)
    if "train" in by_split and all(len(each) == 1 for each in by_split.values()):
        return [by_split[split][0] for split in SPLITS if split in by_split]
    longest = max(len(fit.body) for fit in fits)
    named = [fit for fit in fits if not fit.columns.are_numbers]
    strong = named or [fit for fit in fits if len(fit.body) >= LEAST_SHARE * longest]
    if len(strong) == 1:
        return strong
    names = ", ".join(fit.name for fit in strong)
    raise DataError(
        f"{fits[0].table.path.parent} has several tables of images and labels ({names}): give one as data"
    )


def is_usual(name: str) -> bool:
    """Return True for a file that is nothing but a table: people keep texts of all kinds in others."""
    return name.lower().endswith((".csv", ".tsv")) and not is_submission(name)


def is_submission(name: str) -> bool:
    """Return True for the sample of a submission, whose labels are made up, and for somebody's predictions."""
    return re.search(r"submission|submit|^(?:preds?|predictions?)\.", name.lower()) is not None
