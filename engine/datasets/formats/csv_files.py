"""Tolerant reader of CSV files: comma, semicolon or tab, with or without header, byte order mark or CRLF."""

import csv
import io
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from engine.datasets.formats.problems import DataError

TABLE_SUFFIXES = (".csv", ".tsv")
MAX_BYTES = 500_000_000
SNIFFED_ROWS = 20


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


def is_table(name: str) -> bool:
    return name.lower().endswith(TABLE_SUFFIXES) and not name.startswith(".")


def read_table(path: Path) -> Table:
    """Read the rows of a file without blank ones. Raises DataError for a file that is empty or not text."""
    cells = _without_empty_columns([row for row in _cells(path) if not _is_blank(row)])
    if not cells:
        raise DataError(f"{path} is empty: it needs a row for each image")
    widths = [len(row) for row in cells]
    width = max(sorted(set(widths), reverse=True), key=widths.count)
    ragged = tuple(number for number, row in enumerate(cells, 1) if len(row) != width)
    return Table(path, tuple(row for row in cells if len(row) == width), ragged)


def read_column(path: Path) -> list[str]:
    """Read the lines of a file of one column.

    Blank lines are `""`, because the line numbers matter; those at the end are dropped. Raises DataError as
    `read_table` does, and for a second column."""
    cells = _cells(path)
    while cells and _is_blank(cells[-1]):
        cells.pop()
    if not cells:
        raise DataError(f"{path} is empty: it needs a row for each image")
    cells = _without_empty_columns(cells)
    for number, row in enumerate(cells, 1):
        if len(row) > 1:
            raise DataError(f"{path} has {len(row)} columns in row {number}: it must have one")
    return [row[0] if row else "" for row in cells]


def _is_blank(row: Sequence[str]) -> bool:
    return len(row) != 1 and not any(row)


def _cells(path: Path) -> list[tuple[str, ...]]:
    """Read all rows of a file; a blank line is a row without cells."""
    text = _text(path)
    try:
        delimiter = _delimiter(text)
        rows = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
        return [tuple(cell.strip() for cell in row) for row in rows]
    except csv.Error as error:
        raise DataError(f"{path} is not a CSV text file ({error}): save it as UTF-8 CSV") from None


def _text(path: Path) -> str:
    try:
        if path.stat().st_size > MAX_BYTES:
            raise DataError(f"{path} is over {MAX_BYTES // 1_000_000} MB: no table of images is so large")
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise DataError(f"{path} is not a CSV text file ({error}): save it as UTF-8 CSV") from None
    except OSError as error:
        raise DataError(f"{path} cannot be read ({error.strerror}): check its permissions") from None
    if "\0" in text:
        raise DataError(f"{path} is not a CSV text file (it holds zero bytes): save it as UTF-8 CSV")
    return text


def _delimiter(text: str) -> str:
    """Return the delimiter (`,`, `;` or tab) that cuts most of the first rows into as many cells as the first one.

    Of several, return the one that gives the most cells; a comma where none gives more than one cell."""
    lines = text.split("\n", SNIFFED_ROWS)[:SNIFFED_ROWS]
    best, cells = ",", 1
    for delimiter in ",;\t":
        rows = [row for row in csv.reader(lines, delimiter=delimiter) if row]
        widths = [len(row) for row in rows]
        if widths and widths.count(widths[0]) * 2 > len(widths) and widths[0] > cells:
            best, cells = delimiter, widths[0]
    return best


def _without_empty_columns(rows: Sequence[tuple[str, ...]]) -> list[tuple[str, ...]]:
    """Drop the empty columns that spreadsheets leave at the end."""
    widest = max(map(len, rows), default=0)
    if any(len(row) == widest and row[-1] for row in rows):
        return list(rows)
    width = max(map(_filled, rows), default=0)
    return [row[: max(width, 1)] for row in rows]


def _filled(row: tuple[str, ...]) -> int:
    return max((number for number, cell in enumerate(row, 1) if cell), default=0)


def heading(text: str) -> str:
    """Reduce a heading to lower-case letters and digits: `Image name` and `image_name` are the same."""
    return re.sub(r"[^a-z0-9]", "", text.lower())
