"""Log of a run: its last lines, and new lines as they are written."""

import os
from dataclasses import dataclass
from io import BufferedReader
from pathlib import Path

from tui.formatting import plain

MOST_BYTES = 2_000_000
"""Bytes at the log's end that are read."""
TAIL_BYTES = 64_000
MOST_OF_A_LINE = 64_000
"""Bytes after which a line that does not end is shown as one."""


def log_tail(path: Path, lines: int) -> list[str]:
    """Return the last lines as they were written; empty where there is no log."""
    try:
        with path.open("rb") as log:
            size = log.seek(0, os.SEEK_END)
            log.seek(max(size - TAIL_BYTES, 0))
            found = log.read().decode(errors="replace").splitlines()
    except OSError:
        return []
    return (found[1:] if size > TAIL_BYTES else found)[-lines:]


@dataclass(frozen=True)
class NewLines:
    """New lines of a log."""

    lines: list[str]
    is_all: bool
    """True where they replace the earlier ones: the file is another, was truncated, or grew faster than it is read."""
    skipped: int = 0
    """Bytes before the first of `lines` that are not read; with `is_all` alone."""


class LogFile:
    """Feed of a log that grows. Used by one thread."""

    def __init__(self, path: Path) -> None:
        self._path, self._at, self._rest, self._key = path, 0, b"", (0, 0)

    def poll(self) -> NewLines | None:
        """Read the new lines; None where there are none."""
        try:
            with self._path.open("rb") as log:
                new = self._read(log)
        except OSError:
            return None
        return new if new.lines or new.is_all else None

    def close(self) -> None:
        """Do nothing: no file is open between two polls."""

    def _read(self, log: BufferedReader) -> NewLines:
        status = os.fstat(log.fileno())
        key, first = (status.st_dev, status.st_ino), max(status.st_size - MOST_BYTES, 0)
        begins_anew = key != self._key or status.st_size < self._at or first > self._at
        if begins_anew:
            self._at, self._rest, self._key = first, b"", key
        log.seek(self._at)
        content = log.read(MOST_BYTES)
        is_cut = begins_anew and self._at > 0
        self._at += len(content)
        *lines, self._rest = (self._rest + content).split(b"\n")
        if len(self._rest) > MOST_OF_A_LINE:
            lines, self._rest = [*lines, self._rest], b""
        texts = list(map(_text, lines[1:] if is_cut and len(lines) > 1 else lines))
        return NewLines(texts, begins_anew, first if begins_anew else 0)


def _text(line: bytes) -> str:
    """Return a line as a terminal would leave it where a progress bar went back to its beginning."""
    return plain(line.rstrip(b"\r").rpartition(b"\r")[2].decode(errors="replace"))
