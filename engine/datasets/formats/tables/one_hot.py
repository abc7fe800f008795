"""Labels written as one column a class, with a 1 in the column of the image's class."""

from collections.abc import Sequence
from dataclasses import dataclass

from engine.datasets.formats.tables.given_columns import GivenColumns

FLAGS = {
    **dict.fromkeys(("0", "0.0", "false", "no", ""), False),
    **dict.fromkeys(("1", "1.0", "true", "yes", "x"), True),
}
LEAST_SHARE = 0.95
"""Least share of rows with exactly one 1; the other rows are reported one by one."""
SEVERAL = "|"
"""Sign between the classes of an image with several, as data sets with several labels in a cell write them."""


@dataclass(frozen=True)
class OneHot:
    """Neighbouring columns of 0 and 1, or of marks; the classes are their headings."""

    places: tuple[int, ...]
    """Columns, counted from 0."""
    is_exclusive: bool
    """True where (nearly) every row has exactly one 1."""


def find_one_hot(columns: GivenColumns, taken: Sequence[int | None]) -> OneHot | None:
    """Find the longest run of columns of 0 and 1, two or more, in which (nearly) every row has one 1.

    Where there is none, return the longest run in which rows have several; None where fewer than three columns hold 0
    and 1 alone. `taken` are the columns that hold something else."""
    body = columns.table.rows[1:] if columns.has_header else ()
    runs = _runs(
        [place for place in range(columns.table.width) if place not in taken and _is_binary(body, place)]
    )
    exclusive = [found for run in runs if (found := _exclusive_part(body, run))]
    if exclusive:
        return OneHot(max(exclusive, key=len), is_exclusive=True)
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


def _exclusive_part(body: Sequence[Sequence[str]], run: Sequence[int]) -> tuple[int, ...] | None:
    """Return the longest part of a run, two columns or more, in which (nearly) every row has exactly one 1."""
    flags = [[FLAGS[row[place].lower()] for place in run] for row in body]
    for length in range(len(run), 1, -1):
        for start in range(len(run) - length + 1):
            ones = sum(sum(row[start : start + length]) == 1 for row in flags)
            if ones >= LEAST_SHARE * len(body):
                return tuple(run[start : start + length])
    return None
