"""Lines of a log as they are shown: a line for each day, rows in the window's width, places of a word. Pure."""

import re
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from rich.cells import cell_len

DAY = re.compile(r"\d{4}-\d\d-\d\d")
STAMP = re.compile(r"(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d  )")
"""Date and time before a line; the date is shown once for all lines of its day."""
TIME = re.compile(r"\d\d:\d\d:\d\d  ")
"""Rest of the stamp, at the beginning of a shown line."""
MOST_LINES = 50_000
"""Lines that are kept while the log grows; from then on the older half goes."""
HANG, LEAST_ROOM = 2, 20
"""Indent of a wrapped line that has no time; characters that an indent must leave."""


class Row(NamedTuple):
    """Row of the window: characters `start` to `end` of a line."""

    line: int
    start: int
    end: int


class LogLines:
    """Shown lines of a log, their rows in a width, and the lines that have a word."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.rows: list[Row] = []
        self.width = 0
        """Cells of the longest row."""
        self.word = ""
        self.found: list[int] = []
        """Lines that have the word, in order."""
        self._first_rows: list[int] = []
        self._room: int | None = None
        self._day = ""

    def clear(self) -> None:
        """Forget all lines; the word stays."""
        self.lines, self._day = [], ""
        self._lay_out_all()

    def add(self, lines: Iterable[str]) -> int:
        """Add lines of the file; return how many rows went at the beginning, because the log has become too long."""
        before = len(self.lines)
        for line in lines:
            self.lines += self._shown(line)
        if len(self.lines) <= MOST_LINES:
            self._lay_out(before)
            return 0
        gone = len(self.lines) - MOST_LINES // 2
        rows = self._first_rows[gone] if gone < len(self._first_rows) else len(self.rows)
        self.lines = self.lines[gone:]
        self._lay_out_all()
        return rows

    def wrap(self, room: int | None) -> None:
        """Break lines into rows of at most `room` cells; None for one row a line."""
        if room != self._room:
            self._room = room
            self._lay_out_all()

    def search(self, word: str) -> None:
        """Find the lines that have a word, whatever its case; none for an empty one."""
        self.word = word
        self.found = self._with_word(0)

    def row_of(self, line: int) -> int:
        """Return the first row of a line."""
        return self._first_rows[line]

    def marks(self, line: int) -> list[tuple[int, int]]:
        """Return the places of the word in a line, from its first character to after its last."""
        word, text = self.word.casefold(), self.lines[line]
        folded = text.casefold()
        if not word or word not in folded:
            return []
        if len(folded) != len(text):  # a letter that folds to two: the whole line is marked
            return [(0, len(text))]
        return [(each.start(), each.end()) for each in re.finditer(re.escape(word), folded)]

    def _shown(self, line: str) -> list[str]:
        stamp = STAMP.match(line)
        if stamp is None:
            return [line]
        new_day = [] if stamp[1] == self._day else [stamp[1]]
        self._day = stamp[1]
        return [*new_day, stamp[2] + line[stamp.end() :]]

    def _lay_out_all(self) -> None:
        self.rows, self._first_rows, self.found, self.width = [], [], [], 0
        self._lay_out(0)

    def _lay_out(self, first: int) -> None:
        for number in range(first, len(self.lines)):
            line = self.lines[number]
            parts = [(0, len(line))] if self._room is None else broken(line, self._room)
            self._first_rows.append(len(self.rows))
            self.rows += [Row(number, *part) for part in parts]
            self.width = max(self.width, _cells(line) if self._room is None else self._room)
        self.found += self._with_word(first)

    def _with_word(self, first: int) -> list[int]:
        word = self.word.casefold()
        numbers = range(first, len(self.lines)) if word else ()
        return [number for number in numbers if word in self.lines[number].casefold()]


def indent_of(line: str) -> int:
    """Return the cells that the second and later rows of a line begin with: as many as its time takes."""
    time = TIME.match(line)
    return time.end() if time is not None else HANG


def broken(line: str, room: int) -> Sequence[tuple[int, int]]:
    """Break a line after spaces, and inside words that are too long: the first row has `room` cells, the others have
    the indent less."""
    if _cells(line) <= room:
        return [(0, len(line))]
    indent = indent_of(line) if room - indent_of(line) >= LEAST_ROOM else 0
    rows: list[tuple[int, int]] = []
    start, width = 0, max(room, 1)
    while start < len(line):
        end = _end(line, start, width)
        space = line.rfind(" ", start + width // 2, end + 1) if end < len(line) else -1
        end = space + 1 if space >= 0 else end
        while line[end : end + 1] == " " and space >= 0:
            end += 1
        rows.append((start, end))
        start, width = end, max(room - indent, 1)
    return rows


def _end(line: str, start: int, width: int) -> int:
    """Return after which character a row that begins at `start` is full; it has one at least."""
    end = min(start + width, len(line))
    while end > start + 1 and _cells(line[start:end]) > width:
        end -= 1
    return end


def _cells(text: str) -> int:
    return len(text) if text.isascii() else cell_len(text)
