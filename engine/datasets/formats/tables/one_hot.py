"""Labels written as one column a class, with a 1 in the column of the image's class."""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

from engine.datasets.formats.tables.given_columns import GivenColumns

FLAGS = {
    **dict.fromkeys(("0", "0.0", "false", "no", ""), False),
    **dict.fromkeys(("1", "1.0", "true", "yes", "x"), True),
}
LEAST_SHARE = 0.8
"""Least share of rows with exactly one 1, the other rows being reported one by one."""
LEAST_OF_PAIR = 0.95
"""The same for two columns, which may be two other answers: `male` and `smoker`."""
LEAST_WITHOUT_TWO = 0.5
"""The same where no row has two: images without any label are common."""
MOST_TRIED = 8
"""Runs of columns that are checked with all rows."""
SAMPLE = 500
"""Rows that are looked at to find the columns; all rows are then checked once."""
SEVERAL = "|"
"""Sign between the classes of an image with several, as data sets with several labels in a cell write them."""


@dataclass(frozen=True)
class OneHot:
    """Neighbouring columns of 0 and 1, or of marks; the classes are their headings."""

    places: tuple[int, ...]
    """Columns, counted from 0."""
    is_exclusive: bool
    """True where nearly every row has exactly one 1."""


def find_one_hot(columns: GivenColumns, taken: Sequence[int | None]) -> OneHot | None:
    """Find the longest run of columns of 0 and 1, two or more, in which nearly every row has one 1.

    Where there is none, return the longest run in which rows have several; None where fewer than three columns hold 0
    and 1 alone. `taken` are the columns that hold something else."""
    body = columns.table.rows[1:] if columns.has_header else ()
    sample = body[:SAMPLE]
    left = [place for place in range(columns.table.width) if place not in taken]
    binary = [place for place in left if _is_binary(sample, place) and _is_binary(body, place)]
    runs = _runs(binary)
    parts = sorted((part for run in runs for part in _exclusive_parts(sample, run)), key=len, reverse=True)
    for part in parts[:MOST_TRIED]:
        if _is_exclusive([sum(FLAGS[row[place].lower()] for place in part) for row in body], len(part)):
            return OneHot(part, is_exclusive=True)
    longest = max(runs, key=len, default=())
    return OneHot(longest, is_exclusive=False) if len(longest) > 2 else None


def one_hot_label(cells: Sequence[str], places: Sequence[int], header: Sequence[str]) -> str:
    """Return the heading of the column with the 1; several with `|` between them; empty where there is none."""
    return SEVERAL.join(header[place] for place in places if FLAGS.get(cells[place].lower()))


def _is_binary(body: Sequence[Sequence[str]], place: int) -> bool:
    cells = {row[place].lower() for row in body}
    return cells <= set(FLAGS) and cells != {""} and bool(cells)


def _runs(places: Sequence[int]) -> list[tuple[int, ...]]:
    """Cut sorted columns into runs of neighbours."""
    runs: list[list[int]] = []
    for place in places:
        if runs and runs[-1][-1] == place - 1:
            runs[-1].append(place)
        else:
            runs.append([place])
    return [tuple(run) for run in runs]


def _exclusive_parts(sample: Sequence[Sequence[str]], run: Sequence[int]) -> list[tuple[int, ...]]:
    """Return the parts of a run, two columns or more, in which nearly every row of a sample has exactly one 1."""
    sums = [[0, *itertools.accumulate(FLAGS[row[place].lower()] for place in run)] for row in sample]
    return [
        tuple(run[start:stop])
        for start in range(len(run) - 1)
        for stop in range(start + 2, len(run) + 1)
        if _is_exclusive([row[stop] - row[start] for row in sums], stop - start)
    ]


def _is_exclusive(ones: Sequence[int], width: int) -> bool:
    """Return True where nearly every row has exactly one 1; `ones` counts those of each row in `width` columns."""
    needed = LEAST_WITHOUT_TWO if max(ones, default=0) < 2 else LEAST_SHARE
    needed = needed if width > 2 else LEAST_OF_PAIR
    return ones.count(1) >= needed * len(ones) > 0
