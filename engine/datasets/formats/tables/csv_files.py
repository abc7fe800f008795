"""Tolerant reader of text tables: cells between commas, semicolons, tabs, bars or blanks; with or without header."""

import codecs
import csv
import io
import re
from collections.abc import Iterable, Sequence
from pathlib import Path

from engine.datasets.formats.names.image_files import IMAGE_SUFFIXES, is_image
from engine.datasets.formats.problems import DataError

MAX_BYTES = 500_000_000
SNIFFED_ROWS = 20
_SEPARATOR_LINE = re.compile(r"sep=(.)\n", re.IGNORECASE)
"""First line that Excel writes and reads to tell the delimiter."""
_NAME_AND_REST = re.compile(rf"(.+?(?:{'|'.join(map(re.escape, IMAGE_SUFFIXES))}))\s+(\S.*)", re.IGNORECASE)
"""Line of an image name, which may contain blanks, and the rest."""


def read_rows(path: Path) -> list[tuple[str, ...]]:
    """Read the rows of a text file, without blank ones. Raises DataError for a file that is not text."""
    text = _text(path)
    rows = _cells(path, text)
    if all(len(row) <= 1 for row in rows):
        rows = _between_blanks(text) or rows
    return _without_title([row for row in rows if not _is_blank(row)])


def _without_title(rows: list[tuple[str, ...]]) -> list[tuple[str, ...]]:
    """Drop lines of one cell in front of a table of several columns: a title, or a comment."""
    wide = sum(len(row) > 1 for row in rows)
    first = next((place for place, row in enumerate(rows) if len(row) > 1), 0)
    return rows[first:] if wide * 2 > len(rows) else rows


def _between_blanks(text: str) -> list[tuple[str, ...]] | None:
    """Cut lines such as `0001.jpg 3` at their blanks; None where the lines do not have as many cells each.

    An image name ends with its suffix and may contain blanks; what follows it may be one label of several words."""
    lines = [line.strip() for line in text.split("\n") if line.strip()]
    matches = [_NAME_AND_REST.fullmatch(line) for line in lines]
    headless = matches if matches and matches[0] else matches[1:]
    if headless and all(headless):
        rests = [match[2].split() for match in headless if match]
        is_even = len({len(rest) for rest in rests}) == 1
        header = [] if headless is matches else [tuple(lines[0].split())]
        rows = [
            (match[1], *(rest if is_even else [match[2]]))
            for match, rest in zip(headless, rests, strict=True)
            if match
        ]
        return header + rows
    cut = [tuple(line.split()) for line in lines]
    widths = {len(row) for row in cut}
    return cut if len(widths) == 1 and widths != {1} else None


def read_column(path: Path) -> list[str]:
    """Read the lines of a file of one column.

    Blank lines are `""`, because the line numbers matter; those at the end are dropped. Raises DataError as
    `read_table` does, and for a second column."""
    cells = _cells(path, _text(path))
    while cells and _is_blank(cells[-1]):
        cells.pop()
    if not cells:
        raise DataError(f"{path} is empty: it needs a row for each image")
    cells = without_empty_columns(cells)
    for number, row in enumerate(cells, 1):
        if len(row) > 1:
            raise DataError(f"{path} has {len(row)} columns in row {number}: it must have one")
    return [row[0] if row else "" for row in cells]


def _is_blank(row: Sequence[str]) -> bool:
    return len(row) != 1 and not any(row)


def _cells(path: Path, text: str) -> list[tuple[str, ...]]:
    """Return all rows of a text; a blank line is a row without cells."""
    try:
        named = _SEPARATOR_LINE.match(text)
        text = text[named.end() :] if named else text
        delimiter = named[1] if named else _delimiter(text)
        rows = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
        return [tuple(cell.strip() for cell in row) for row in rows]
    except csv.Error as error:
        raise DataError(f"{path} is not a CSV text file ({error}): save it as UTF-8 CSV") from None


def _text(path: Path) -> str:
    try:
        if path.stat().st_size > MAX_BYTES:
            raise DataError(f"{path} is over {MAX_BYTES // 1_000_000} MB: no table of images is so large")
        content = path.read_bytes()
    except OSError as error:
        raise DataError(f"{path} cannot be read ({error.strerror}): check its permissions") from None
    is_utf_16 = content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    try:
        text = content.decode("utf-16" if is_utf_16 else "utf-8-sig")
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    except UnicodeDecodeError as error:
        raise DataError(f"{path} is not a CSV text file ({error}): save it as UTF-8 CSV") from None
    if "\0" in text:
        raise DataError(f"{path} is not a CSV text file (it holds zero bytes): save it as UTF-8 CSV")
    return text


def _delimiter(text: str) -> str:
    """Return the delimiter that cuts most of the first rows into equally many cells.

    Of commas, semicolons and tabs it is the one that does so with the most rows, of several the one that gives the most
    cells; a bar where none of them gives more than
    one cell, for bars stand between several labels of a cell too; else a comma."""
    lines = text.split("\n", SNIFFED_ROWS)[:SNIFFED_ROWS]
    return _widest(lines, ",;\t") or _widest(lines, "|") or ","


def _widest(lines: Sequence[str], delimiters: Iterable[str]) -> str | None:
    """Return the delimiter that fits best; of several the one with the most names of image files."""
    best, most = None, (0, 0, 0)
    for delimiter in delimiters:
        rows = [row for row in csv.reader(lines, delimiter=delimiter) if row]
        widths = [len(row) for row in rows]
        width = max(widths, key=widths.count, default=1)
        if width == 1 or widths.count(width) * 2 <= len(widths):
            continue
        found = (widths.count(width), width, sum(is_image(cell.strip()) for row in rows for cell in row))
        if found > most:
            best, most = delimiter, found
    return best


def without_empty_columns(rows: Sequence[tuple[str, ...]]) -> list[tuple[str, ...]]:
    """Drop the empty columns that spreadsheets leave at the end."""
    widest = max(map(len, rows), default=0)
    if any(len(row) == widest and row[-1] for row in rows):
        return list(rows)
    width = max(map(_filled, rows), default=0)
    return [row[: max(width, 1)] for row in rows]


def _filled(row: tuple[str, ...]) -> int:
    return max((number for number, cell in enumerate(row, 1) if cell), default=0)
