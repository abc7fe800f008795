"""Reader of the lab's layout: four CSVs of one column, names and labels of each split, paired row by row."""

from collections.abc import Sequence
from pathlib import Path

from engine.datasets.formats.cells import is_missing, is_whole
from engine.datasets.formats.labels.grades import LabelSource
from engine.datasets.formats.layout import Layout
from engine.datasets.formats.names.image_names import looks_like
from engine.datasets.formats.names.places import Places
from engine.datasets.formats.placing import place
from engine.datasets.formats.problems import DataError, error, no_header
from engine.datasets.formats.rows import Row
from engine.datasets.formats.tables.csv_files import read_column
from engine.datasets.formats.tables.headings import (
    IMAGE_HEADINGS,
    LABEL_HEADINGS,
    WEAK_IMAGE_HEADINGS,
    heading,
)
from engine.datasets.formats.tables.image_column import SAMPLE
from engine.datasets.read_options import ReadOptions
from engine.problem import Problem

LAB_FILES = ("train_img.csv", "train_label.csv", "test_img.csv", "test_label.csv")


def read_lab(folder: Path, names: set[str], options: ReadOptions) -> Layout:
    """Read the four CSVs of one column, usually without header: image names and labels of each split.

    Raises DataError where neither pair can be read."""
    places = Places(folder, options.images)
    problems: list[Problem] = []
    tables: list[list[Row]] = []
    headless: list[str] = []
    for split in ("train", "test"):
        missing = [name for name in (f"{split}_img.csv", f"{split}_label.csv") if name not in names]
        if missing:
            there = ", ".join(sorted(names & set(LAB_FILES)))
            problems.append(error("missing_table", f"{folder} has {there} but no {missing[0]}: add it"))
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
        raise DataError(problems[0])
    placed = place(tables, places, on_bad=options.on_bad)
    if headless:
        problems.append(no_header("the CSVs have", headless))
    return Layout(
        f"lab CSVs{placed.inside}",
        f"{folder} holds {', '.join(LAB_FILES)}",
        placed.root,
        placed.rows,
        (*problems, *placed.problems),
        label_source=LabelSource("the lab's CSVs", says_grades=True),
    )


def _paired(folder: Path, split: str, places: Places, problems: list[Problem]) -> tuple[list[Row], bool]:
    """Read the rows of one split; return them and whether a header was left out."""
    images, labels = (folder / f"{split}_{what}.csv" for what in ("img", "label"))
    names, values = _without_blank_lines(read_column(images), read_column(labels))
    if len(names) != len(values):
        text = f"{images.name} has {len(names)} rows but {labels.name} has {len(values)}"
        problems.append(error("unpaired_rows", f"{text}: they must pair up row by row"))
    is_headed = _is_headed(names, values, places)
    if is_headed:
        names, values = names[1:], values[1:]
    return [Row(name, label, split) for name, label in zip(names, values, strict=False)], is_headed


def _without_blank_lines(names: list[str], values: list[str]) -> tuple[list[str], list[str]]:
    """Drop lines that are blank in both files, and blank lines of one file where the files pair up without them.

    Any other blank line stays: it is a missing name or a missing label."""
    blank = (names.count(""), values.count(""))
    if len(names) != len(values) and 0 in blank and len(names) - blank[0] == len(values) - blank[1]:
        return list(filter(None, names)), list(filter(None, values))
    is_blank = [not name and not value for name, value in zip(names, values, strict=False)]
    is_blank += [False] * abs(len(names) - len(values))
    return _filled(names, is_blank), _filled(values, is_blank)


def _filled(cells: Sequence[str], is_blank: Sequence[bool]) -> list[str]:
    return [cell for cell, blank in zip(cells, is_blank, strict=False) if not blank]


def _is_headed(names: Sequence[str], values: Sequence[str], places: Places) -> bool:
    """Return True where the first row is a header.

    It is none where its name is a file, or where the name is no known heading and looks like those below."""
    listing = places.best(names[:SAMPLE])[0]
    if min(len(names), len(values)) < 2 or listing.find(names[0]) is not None:
        return False
    title, rest = heading(names[0]), names[1:SAMPLE]
    if title in (*IMAGE_HEADINGS, *WEAK_IMAGE_HEADINGS):
        return title != "0" or "1" not in names  # pandas writes a number as the heading of a nameless column
    if looks_like(names[0], rest) or is_missing(values[0]):
        return False
    return heading(values[0]) in LABEL_HEADINGS or (
        not is_whole(values[0]) and all(map(is_whole, values[1:]))
    )
