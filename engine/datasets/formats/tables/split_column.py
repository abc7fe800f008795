"""Columns that tell the split of each image, in the ways that data sets are published with."""

import functools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from engine.datasets.formats.cells import is_missing, is_whole, normal
from engine.datasets.formats.problems import DataError, note, warning
from engine.datasets.formats.split_names import SPLIT_WORDS, SPLITS, splits_of
from engine.datasets.formats.tables.given_columns import GivenColumns
from engine.datasets.formats.tables.headings import SPLIT_HEADINGS, heading
from engine.problem import Problem, WayOut

TRUE, FALSE = ("true", "t", "yes", "y", "1"), ("false", "f", "no", "n", "0")
FLAG_HEADINGS: Mapping[str, tuple[str, str]] = {
    "isvalid": ("val", "train"),
    "isval": ("val", "train"),
    "isvalidation": ("val", "train"),
    "istest": ("test", "train"),
    "istesting": ("test", "train"),
    "istrain": ("train", "test"),
    "istraining": ("train", "test"),
    "istrainingimg": ("train", "test"),
    "intrain": ("train", "test"),
    "intest": ("test", "train"),
    "inval": ("val", "train"),
    "train": ("train", "test"),
    "test": ("test", "train"),
    "val": ("val", "train"),
}
"""Headings of columns of yes and no, with the splits that they mean."""
WORD_HEADINGS = (*SPLIT_HEADINGS, "usage", "phase", "datasplit", "traintest", "trainvaltest", "splits")
CERTAIN_HEADINGS = ("split", "splits", "partition", "datasplit", "traintest", "trainvaltest")
"""Headings that nothing else has."""
FOLD_HEADINGS = ("fold", "folds", "kfold", "foldid", "cvfold", "cv", "foldnumber")
PUBLISHED = {"publictest": "val", "privatetest": "test", "public": "val", "private": "test"}
"""Words of Kaggle's column `Usage`."""
ABBREVIATED = {"tr": "train", "trn": "train", "va": "val", "vl": "val", "te": "test", "tst": "test"}
NUMBERED = {"0": "train", "1": "val", "2": "test"}
"""Numbers of CelebA's partition."""
MOST_FOLDS = 20
ACCEPTED = (
    "train, val and test or words like them, Kaggle's Training, PublicTest and PrivateTest, 0, 1 and 2, "
    "True and False under a heading such as is_valid, or numbers of folds"
)


@dataclass(frozen=True)
class SplitColumn:
    """Column of splits, counted from 0, and how its cells are read."""

    place: int
    split_of: Callable[[str], str | None]
    """Split of a cell; None for a cell that names none."""
    meaning: str = ""
    """Reading of the cells, in words; empty for the words train, val and test."""
    guesses: bool = False
    """True where the meaning is a choice that the user may want to make."""


def is_split_heading(title: str) -> bool:
    """Return True for a heading of a column of splits or folds."""
    return heading(title) in (*FLAG_HEADINGS, *WORD_HEADINGS, *FOLD_HEADINGS)


def find_split_column(columns: GivenColumns, image: int | None) -> SplitColumn | None:
    """Return the user's column of splits, else one under a known heading with the words train, val and test.

    Without a header all cells must name a split. Raises DataError where the user's column cannot be read as one."""
    wanted = columns.options.split_column
    if wanted:
        return _given(columns, wanted)
    body = columns.table.rows[columns.has_header :]
    for place in range(columns.table.width):
        if place == image or (columns.has_header and heading(columns.header[place]) not in SPLIT_HEADINGS):
            continue
        named = sum(row[place].lower() in SPLIT_WORDS for row in body)
        needed = sum(row[place] != "" for row in body) if columns.has_header else 2 * len(body) - 1
        if named * 2 > needed:
            return SplitColumn(place, lambda cell: SPLIT_WORDS.get(cell.lower()))
    return None


def unused_split_columns(columns: GivenColumns, taken: Sequence[int | None]) -> list[Problem]:
    """Warn of columns that look like somebody's split and are not used, so that another split would be drawn."""
    problems: list[Problem] = []
    for place, title in enumerate(columns.header):
        if place in taken:
            continue
        cells = columns.table.column(place)[1:]
        found = _understood(heading(title), cells) if is_split_heading(title) else _by_words_alone(cells)
        if found is None:
            problems += _not_understood(columns, place, cells)
            continue
        counts = {split: sum(found.split_of(cell) == split for cell in cells) for split in SPLITS}
        means = ", ".join(f"{count:,} {split}" for split, count in counts.items() if count)
        text = (
            f"{columns.table.path.name}: {columns.named(place)} looks like a split ({means}) and is not used"
        )
        ways = [WayOut("take it with {}", "split_column", title)]
        if heading(title) in FOLD_HEADINGS:
            problems.append(note("split_not_used", text, ways=ways))
        else:
            problems.append(warning("split_not_used", text, "a column of splits is not used", ways=ways))
    return problems


def _not_understood(columns: GivenColumns, place: int, cells: Sequence[str]) -> list[Problem]:
    """Warn of a column that is headed as a split, and whose few words say nothing to the program."""
    if heading(columns.header[place]) not in CERTAIN_HEADINGS:
        return []
    words = sorted({cell for cell in cells if cell})
    if not 1 < len(words) <= MOST_FOLDS:
        return []
    named = ", ".join(words[:4])
    text = (
        f"{columns.table.path.name}: {columns.named(place)} may be a split, its words ({named}) are not known"
    )
    ways = [WayOut("write train, val and test to use it")]
    return [warning("split_not_used", text, "a column of splits is not used", ways=ways)]


def meaning_of(columns: GivenColumns, split: SplitColumn) -> list[Problem]:
    """Say how the cells of a split column were understood where they are not the words train, val and test."""
    if not split.meaning:
        return []
    text = f"{columns.table.path.name}: {columns.named(split.place)} is read as a split: {split.meaning}"
    if split.guesses:
        return [warning("split_meaning", text, "a fold was chosen for test")]
    return [note("split_meaning", text)]


def _given(columns: GivenColumns, wanted: str) -> SplitColumn:
    """Read the user's column, which may name the test fold: `fold=3`."""
    title, equals, chosen = wanted.rpartition("=")
    if equals and wanted not in columns.header:
        place = columns.find(title, "split_column")
        folds = {normal(cell) for cell in columns.table.column(place)[columns.has_header :]}
        if normal(chosen) not in folds:
            has = ", ".join(sorted(folds)[:MOST_FOLDS])
            raise DataError(
                f"{columns.table.path}: {columns.named(place)} has no {chosen!r}, it has {has}: choose one"
            )
        return SplitColumn(place, _by_fold(normal(chosen)), f"{chosen} is test, the others are train")
    place = columns.find(wanted, "split_column")
    title = columns.header[place] if columns.header else ""
    cells = columns.table.column(place)[columns.has_header :]
    found = _understood(heading(title), cells)
    if found is not None:
        return SplitColumn(place, found.split_of, found.meaning, found.guesses)
    if any(_by_word(cell) for cell in cells):
        return SplitColumn(place, _by_word)
    odd = next((cell for cell in cells if cell), "")
    raise DataError(
        f"{columns.table.path}: {columns.named(place)} names no splits, its first cell is {odd!r}: "
        f"it may hold {ACCEPTED}"
    )


def _by_words_alone(cells: Sequence[str]) -> SplitColumn | None:
    """Read a column whose heading says nothing: all of its cells are words for splits, and train is one of them."""
    values = {cell.lower() for cell in cells}
    if len(values) > 1 and all(map(_by_word, values)) and "train" in map(_by_word, values):
        return SplitColumn(0, _by_word)
    return None


def _understood(title: str, cells: Sequence[str]) -> SplitColumn | None:
    """Return how all cells can be read as splits; None where they cannot, and where they name one split alone."""
    values = {normal(cell).lower() for cell in cells if not is_missing(cell)}
    if not values or len(values) < 2:
        return None
    if all(_by_word(value) for value in values):
        published = sorted(value for value in values if value in PUBLISHED)
        said = ", ".join(f"{value} is {PUBLISHED[value]}" for value in published)
        return SplitColumn(0, _by_word, said)
    if title in FLAG_HEADINGS and values <= {*TRUE, *FALSE}:
        yes, no = FLAG_HEADINGS[title]
        return SplitColumn(0, _by_flag(yes, no), f"true is {yes}, false is {no}")
    if values <= set(ABBREVIATED) and "train" in map(ABBREVIATED.get, values):
        said = ", ".join(f"{value} is {ABBREVIATED[value]}" for value in sorted(values))
        return SplitColumn(0, lambda cell: ABBREVIATED.get(cell.lower()), said)
    if values == set(NUMBERED) and title not in FOLD_HEADINGS:
        return SplitColumn(0, _by_number, "0 is train, 1 is val, 2 is test")
    is_fold = title in FOLD_HEADINGS and all(map(is_whole, values)) and len(values) <= MOST_FOLDS
    if is_fold:
        test = min(values, key=int)
        said = f"fold {test} is test, the others are train (choose another as {title}=N)"
        return SplitColumn(0, _by_fold(test), said, guesses=True)
    return None


@functools.lru_cache(maxsize=1024)
def _by_word(cell: str) -> str | None:
    word = cell.lower()
    return SPLIT_WORDS.get(word) or PUBLISHED.get(word) or splits_of([cell]).get(cell)


def _by_flag(yes: str, no: str) -> Callable[[str], str | None]:
    def split_of(cell: str) -> str | None:
        word = normal(cell).lower()
        return yes if word in TRUE else no if word in FALSE else None

    return split_of


def _by_number(cell: str) -> str | None:
    return NUMBERED.get(normal(cell))


def _by_fold(test: str) -> Callable[[str], str | None]:
    return lambda cell: None if is_missing(cell) else "test" if normal(cell) == test else "train"
