"""Tables of images and labels in files: text with delimiters, JSON lines, spreadsheets."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from engine.datasets.formats.problems import DataError
from engine.datasets.formats.tables.csv_files import read_rows, without_empty_columns
from engine.datasets.formats.tables.json_lines import read_json_lines
from engine.datasets.formats.tables.spreadsheets import read_spreadsheet

Rows: TypeAlias = list[tuple[str, ...]]
READERS: Mapping[str, Callable[[Path], Rows]] = {
    ".csv": read_rows,
    ".tsv": read_rows,
    ".txt": read_rows,
    ".lst": read_rows,
    ".jsonl": read_json_lines,
    ".ndjson": read_json_lines,
    ".xlsx": read_spreadsheet,
    ".xls": read_spreadsheet,
    ".ods": read_spreadsheet,
}
"""Reader of each kind of table by suffix; a reader returns rows of text without blank ones, and raises DataError."""


@dataclass(frozen=True)
class Table:
    """Cells of a file; the first row may be a header."""

    path: Path
    rows: tuple[tuple[str, ...], ...]
    ragged: tuple[int, ...]
    """Numbers (from 1) of rows that have fewer or more cells than most rows; `rows` leaves them out."""

    @property
    def width(self) -> int:
        return len(self.rows[0])

    def column(self, number: int) -> list[str]:
        return [row[number] for row in self.rows]


class TableError(DataError):
    """Error for a file that cannot be read as a table."""


def is_table(name: str) -> bool:
    """Return True for the name of a table; hidden files and the lock files of office programs are none."""
    return name.lower().endswith(tuple(READERS)) and not name.startswith((".", "~$"))


def read_table(path: Path) -> Table:
    """Read the rows of a file. Raises DataError for an empty file, TableError for one that is no table."""
    try:
        cells = without_empty_columns(READERS[path.suffix.lower()](path))
    except DataError as error:
        raise TableError(error.problem) from None
    if not cells:
        raise DataError(f"{path} is empty: it needs a row for each image")
    widths = [len(row) for row in cells]
    width = max(sorted(set(widths), reverse=True), key=widths.count)
    ragged = tuple(number for number, row in enumerate(cells, 1) if len(row) != width)
    return Table(path, tuple(row for row in cells if len(row) == width), ragged)
