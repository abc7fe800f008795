"""Reader of tables of images and labels: Kaggle's, APTOS', and any CSV."""

import contextlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from engine.datasets.formats.column_roles import Columns, find_columns
from engine.datasets.formats.layout import Layout, place
from engine.datasets.formats.places import Places
from engine.datasets.formats.problems import DataError, error, no_header, note
from engine.datasets.formats.rows import Row
from engine.datasets.formats.several_labels import with_one_label
from engine.datasets.formats.split_column import ACCEPTED
from engine.datasets.formats.split_names import split_in_name
from engine.datasets.formats.table_files import Table, is_table, read_table
from engine.datasets.read_options import ReadOptions
from engine.problem import Problem, WayOut

MAX_TABLES = 50


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
    def split(self) -> str | None:
        """Split in the file's name; None where it names none."""
        return split_in_name(self.table.path.stem)


def fit_table(path: Path, options: ReadOptions, places: Places) -> Fit:
    """Read a table and find its columns. Raises DataError where it has none of images or none of labels."""
    table = read_table(path)
    columns = find_columns(table, options, places)
    if len(table.rows) == columns.has_header:
        raise DataError(f"{path} has a header and no rows: it needs a row for each image")
    names = [row[columns.image] for row in table.rows]
    are_files = places.best(names)[0].count(names) > 0 or bool(places.tree.read(names).read)
    return Fit(table, columns, are_files)


def find_tables(folder: Path, names: Iterable[str], options: ReadOptions) -> tuple[list[Fit], dict[str, str]]:
    """Find the tables of images and labels in a folder; return them, and the reason why each other table does not fit.

    Where the images of some tables exist, a table whose images do not exist fits only as the table of a split that
    none of the others has; its rows are then reported as missing."""
    fits: list[Fit] = []
    failures: dict[str, str] = {}
    places = Places(folder, options.images)
    for name in sorted(filter(is_table, names))[:MAX_TABLES]:
        try:
            fits.append(fit_table(folder / name, options, places))
        except DataError as reason:
            failures[name] = str(reason)
    there = [fit for fit in fits if fit.are_files]
    if not there:
        return fits, failures
    gone = [fit for fit in fits if not fit.are_files] + _fit_alike(folder, failures, there, places)
    splits = {fit.split for fit in there}
    chosen = [fit for fit in gone if None not in splits and fit.split and fit.split not in splits]
    used = {fit.table.path.name for fit in (*there, *chosen)}
    failures |= {fit.table.path.name: f"{fit.table.path} names no image that is here" for fit in gone}
    return [*there, *chosen], {name: reason for name, reason in failures.items() if name not in used}


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

    Raises DataError where there are several tables and their names do not tell the splits apart."""
    if len(fits) == 1:
        return list(fits)
    by_split: dict[str, list[Fit]] = {}
    for fit in fits:
        if fit.split:
            by_split.setdefault(fit.split, []).append(fit)
    if "train" in by_split and all(len(each) == 1 for each in by_split.values()):
        return [by_split[split][0] for split in ("train", "val", "test") if split in by_split]
    names = ", ".join(fit.table.path.name for fit in fits)
    raise DataError(
        f"{fits[0].table.path.parent} has several tables of images and labels ({names}): give one as data"
    )


def read_tables(fits: Sequence[Fit], unused: Iterable[str], options: ReadOptions) -> Layout:
    """Read the rows of some tables into one layout; a note lists the tables that are not used (`unused`)."""
    places = Places(fits[0].table.path.parent, options.images)
    problems: list[Problem] = []
    problems += [doubt for fit in fits for doubt in fit.columns.doubts]
    tables = [_rows(fit, fit.split if len(fits) > 1 else None, problems) for fit in fits]
    placed = place(tables, places, on_bad=options.on_bad)
    headless = [
        f"{fit.table.path.name} {fit.body[0][fit.columns.image]}" for fit in fits if _is_headless(fit)
    ]
    if headless:
        problems.append(no_header(f"{' and '.join(fit.table.path.name for fit in fits)}:", headless))
    if left := sorted(set(unused) - {fit.table.path.name for fit in fits}):
        problems.append(note("unused_tables", f"not used: {', '.join(left)}", left))
    rows, several = with_one_label(placed.rows, options.class_names)
    group = next((fit for fit in fits if fit.columns.group is not None), None)
    return Layout(
        f"{_author(fits)} {' and '.join(fit.table.path.name for fit in fits)}{placed.inside}",
        "; ".join(map(_reason, fits)),
        placed.root,
        tuple(rows),
        (*problems, *placed.problems, *several),
        group.columns.named(group.columns.group or 0) if group else "",
    )


def _is_headless(fit: Fit) -> bool:
    return not fit.columns.has_header


def _rows(fit: Fit, split: str | None, problems: list[Problem]) -> list[Row]:
    columns, name = fit.columns, fit.table.path.name
    if fit.table.ragged:
        numbers = [str(row) for row in fit.table.ragged]
        text = f"{name} has fewer or more cells in row {', '.join(numbers[:5])} than in most rows: fix them"
        problems.append(error("ragged_rows", text, numbers))
    rows, unknown = [], []
    for cells in fit.body:
        given = cells[columns.split.place] if columns.split is not None else None
        own = split if columns.split is None or given is None else columns.split.split_of(given)
        if given is not None and own is None:
            unknown.append((cells[columns.image], given))
            continue
        group = cells[columns.group] if columns.group is not None else None
        rows.append(Row(cells[columns.image], columns.label_of(cells), own, group))
    if unknown:
        image, given = unknown[0]
        text = (
            f"{len(unknown):,} images of {name} have a split that is not known, the first is {image!r} with "
            f"{given!r} (known are {ACCEPTED})"
        )
        ways = [WayOut("fix them"), WayOut("choose with {}", "split_column")]
        problems.append(error("unknown_split", text, [image for image, _ in unknown], ways))
    return rows


def _author(fits: Sequence[Fit]) -> str:
    """Name the author of a table with a well-known file name or header, else return `table` or `tables`."""
    first = fits[0]
    header = [cell.lower() for cell in first.table.rows[0]] if first.columns.has_header else []
    if first.table.path.name.lower() == "trainlabels.csv" and header[:2] == ["image", "level"]:
        return "Kaggle's"
    if header[:2] == ["id_code", "diagnosis"]:
        return "APTOS'"
    return "table" if len(fits) == 1 else "tables"


def _reason(fit: Fit) -> str:
    """Word the evidence: `trainLabels.csv has images in column image, labels in column level`."""
    without = "" if fit.columns.has_header else "without header "
    return f"{fit.table.path.name} {without}has {fit.columns.reason()}"
