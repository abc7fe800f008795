"""Layouts that are tables: the lab's paired CSVs, Kaggle's, APTOS', and any CSV of images and labels."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from engine.datasets.formats.columns import IMAGE_HEADINGS, SAMPLE, SPLIT_WORDS, Columns, find_columns
from engine.datasets.formats.labels import is_whole
from engine.datasets.formats.layout import Layout, Row, place
from engine.datasets.formats.names import Places
from engine.datasets.formats.problems import DataError, Problem, error, note, warning
from engine.datasets.formats.tables import Table, heading, is_table, read_table
from engine.datasets.options import ReadOptions

LAB_FILES = ("train_img.csv", "train_label.csv", "test_img.csv", "test_label.csv")
MAX_TABLES = 50


def read_lab(folder: Path, names: set[str], options: ReadOptions) -> Layout:
    """Four CSVs of one column without header: image names and labels of each split. Raises DataError where
    not one pair of them can be read."""
    places = Places(folder, options.images)
    problems: list[Problem] = []
    tables: list[list[Row]] = []
    headless: list[str] = []
    for split in ("train", "test"):
        lacking = [name for name in (f"{split}_img.csv", f"{split}_label.csv") if name not in names]
        if lacking:
            there = ", ".join(sorted(names & set(LAB_FILES)))
            problems.append(error("missing_table", f"{folder} has {there} but no {lacking[0]}: add it"))
            continue
        try:
            rows, had_header = _paired(folder, split, places, problems)
        except DataError as unreadable:
            problems.append(error("unreadable_table", str(unreadable)))
            continue
        tables.append(rows)
        if not had_header and rows:
            headless.append(f"{split} {rows[0].file}")
    if not tables:
        raise DataError(problems[0].text)
    placed = place(tables, places, on_bad=options.on_bad)
    if headless:
        problems.append(_swallowed("the CSVs have", headless))
    return Layout(
        f"lab CSVs{placed.inside}",
        f"{folder} holds {', '.join(LAB_FILES)}",
        placed.root,
        placed.rows,
        (*problems, *placed.problems),
    )


def _paired(folder: Path, split: str, places: Places, problems: list[Problem]) -> tuple[list[Row], bool]:
    """The rows of one split, and whether a header was left out."""
    images, labels = (folder / f"{split}_{what}.csv" for what in ("img", "label"))
    names, values = _one_column(images), _one_column(labels)
    if len(names) != len(values):
        text = f"{images.name} has {len(names)} rows but {labels.name} has {len(values)}"
        problems.append(error("unpaired_rows", f"{text}: they must pair up row by row"))
    listing = places.best(names[:SAMPLE])[0]
    is_headed = len(values) > 1 and not is_whole(values[0]) and all(map(is_whole, values[1:]))
    is_headed = is_headed and bool(values[0])
    if len(names) > 1 and heading(names[0]) in IMAGE_HEADINGS and listing.count(names[:2]) == 1:
        is_headed = is_headed or listing.find(names[0]) is None
    if is_headed:
        names, values = names[1:], values[1:]
    return [Row(name, label, split) for name, label in zip(names, values, strict=False)], is_headed


def _one_column(path: Path) -> list[str]:
    table = read_table(path)
    if table.width != 1 or table.ragged:
        row, width = (1, table.width) if table.width != 1 else (table.ragged[0], 2)
        raise DataError(f"{path} has {width} columns in row {row}: it must have one")
    return table.column(0)


def _swallowed(which: str, firsts: Sequence[str]) -> Problem:
    text = (
        f"{which} no header: all rows are read here, but a reader that expects one (as the lab's own loader "
        f"and pandas do) loses the first image of each: {', '.join(firsts)}"
    )
    return warning("no_header", text, "no header row", firsts)


@dataclass(frozen=True)
class _Fit:
    """A table whose columns are known."""

    table: Table
    columns: Columns
    are_files: bool
    """Are some of its names image files?"""

    @property
    def body(self) -> tuple[tuple[str, ...], ...]:
        return self.table.rows[1:] if self.columns.has_header else self.table.rows

    @property
    def split(self) -> str | None:
        """The split that the file's name speaks of."""
        words = re.findall("[a-z]+", self.table.path.stem.lower())
        stems = [re.sub("(?:labels?|set|data|images?)$", "", word) for word in words]
        found = {SPLIT_WORDS[stem] for stem in stems if stem in SPLIT_WORDS}
        return found.pop() if len(found) == 1 else None


def fit_table(path: Path, options: ReadOptions, places: Places) -> _Fit:
    """Raises DataError for a table without columns of images and labels."""
    table = read_table(path)
    columns = find_columns(table, options, places)
    if len(table.rows) == columns.has_header:
        raise DataError(f"{path} has a header and no rows: it needs a row for each image")
    names = [row[columns.image] for row in table.rows]
    return _Fit(table, columns, places.best(names)[0].count(names) > 0)


def find_tables(
    folder: Path, names: Iterable[str], options: ReadOptions
) -> tuple[list[_Fit], dict[str, str]]:
    """The tables of a folder that name images and labels, and what the others lack, by their names."""
    fits, failures = [], {}
    places = Places(folder, options.images)
    for name in sorted(filter(is_table, names))[:MAX_TABLES]:
        try:
            fits.append(fit_table(folder / name, options, places))
        except DataError as lack:
            failures[name] = str(lack)
    return [fit for fit in fits if fit.are_files] or fits, failures


def choose_tables(fits: Sequence[_Fit]) -> list[_Fit]:
    """The only one, or one for each split by their names (`train.csv`, `test.csv`). Raises DataError."""
    if len(fits) == 1:
        return list(fits)
    by_split: dict[str, list[_Fit]] = {}
    for fit in fits:
        if fit.split:
            by_split.setdefault(fit.split, []).append(fit)
    if "train" in by_split and all(len(each) == 1 for each in by_split.values()):
        return [by_split[split][0] for split in ("train", "val", "test") if split in by_split]
    names = ", ".join(fit.table.path.name for fit in fits)
    raise DataError(
        f"{fits[0].table.path.parent} has several tables of images and labels ({names}): give one as data"
    )


def read_tables(fits: Sequence[_Fit], unused: Iterable[str], options: ReadOptions) -> Layout:
    places = Places(fits[0].table.path.parent, options.images)
    problems: list[Problem] = []
    tables = [_rows(fit, fit.split if len(fits) > 1 else None, problems) for fit in fits]
    placed = place(tables, places, on_bad=options.on_bad)
    headless = [
        f"{fit.table.path.name} {fit.body[0][fit.columns.image]}" for fit in fits if _is_headless(fit)
    ]
    if headless:
        problems.append(_swallowed(f"{' and '.join(fit.table.path.name for fit in fits)}:", headless))
    if left := sorted(set(unused) - {fit.table.path.name for fit in fits}):
        problems.append(note("unused_tables", f"not used: {', '.join(left)}", left))
    group = next((fit for fit in fits if fit.columns.group is not None), None)
    return Layout(
        f"{_author(fits)} {' and '.join(fit.table.path.name for fit in fits)}{placed.inside}",
        "; ".join(map(_reason, fits)),
        placed.root,
        placed.rows,
        (*problems, *placed.problems),
        group.columns.named(group.table, group.columns.group or 0) if group else "",
    )


def _is_headless(fit: _Fit) -> bool:
    return not fit.columns.has_header


def _rows(fit: _Fit, split: str | None, problems: list[Problem]) -> list[Row]:
    columns, name = fit.columns, fit.table.path.name
    if fit.table.ragged:
        numbers = [str(row) for row in fit.table.ragged]
        text = f"{name} has fewer or more cells in row {', '.join(numbers[:5])} than in most rows: mend them"
        problems.append(error("ragged_rows", text, numbers))
    rows, unknown = [], []
    for cells in fit.body:
        given = cells[columns.split] if columns.split is not None else None
        own = split if given is None else SPLIT_WORDS.get(given.lower())
        if given is not None and own is None:
            unknown.append(cells[columns.image])
            continue
        group = cells[columns.group] if columns.group is not None else None
        rows.append(Row(cells[columns.image], cells[columns.label], own, group))
    if unknown:
        text = (
            f"{len(unknown):,} images of {name} have a split that is not train, val or test, the first is "
            f"{unknown[0]!r}: mend them or choose with --split-column"
        )
        problems.append(error("unknown_split", text, unknown))
    return rows


def _author(fits: Sequence[_Fit]) -> str:
    """Whose table it is, where names and headings are well known."""
    first = fits[0]
    header = [cell.lower() for cell in first.table.rows[0]] if first.columns.has_header else []
    if first.table.path.name.lower() == "trainlabels.csv" and header[:2] == ["image", "level"]:
        return "Kaggle's"
    if header[:2] == ["id_code", "diagnosis"]:
        return "APTOS'"
    return "table" if len(fits) == 1 else "tables"


def _reason(fit: _Fit) -> str:
    """`trainLabels.csv: images in column image, labels in column level`"""
    columns = fit.columns
    parts = [("images", columns.image), ("labels", columns.label)]
    parts += [
        (what, at) for what, at in (("splits", columns.split), ("groups", columns.group)) if at is not None
    ]
    where = ", ".join(f"{what} in {columns.named(fit.table, at)}" for what, at in parts)
    return f"{fit.table.path.name} {'' if columns.has_header else 'without header '}has {where}"
