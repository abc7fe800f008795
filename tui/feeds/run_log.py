"""Log of a run: its last lines, and new lines as they are written."""

import os
from dataclasses import dataclass
from pathlib import Path

from tui.formatting import plain

MOST_BYTES = 2_000_000
"""Bytes at the log's end that are read."""
TAIL_BYTES = 64_000


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
class LogLines:
    """New lines of a log."""

    lines: list[str]
    is_all: bool
    """True where the file was read from its start, because it was replaced or truncated."""


class LogFile:
    """Feed of a log that grows. Used by one thread."""

    def __init__(self, path: Path) -> None:
        self._path, self._at, self._rest, self._key = path, 0, b"", (0, 0)

    def poll(self) -> LogLines | None:
        """Read the new lines; None where there are none."""
        lines, is_all = self._read()
        return LogLines(lines, is_all) if lines or is_all else None

    def close(self) -> None:
        """Do nothing: no file is open between two polls."""

    def _read(self) -> tuple[list[str], bool]:
        try:
            with self._path.open("rb") as log:
                status = os.fstat(log.fileno())
                key = status.st_dev, status.st_ino
                is_new = key != self._key or status.st_size < self._at
                if is_new:
                    self._at, self._rest, self._key = max(status.st_size - MOST_BYTES, 0), b"", key
                log.seek(self._at)
                content = log.read(MOST_BYTES)
        except OSError:
            return [], False
        is_cut = is_new and self._at > 0
        self._at += len(content)
        *lines, self._rest = (self._rest + content).split(b"\n")
        texts = [plain(line.decode(errors="replace")) for line in lines]
        return texts[1:] if is_cut else texts, is_new
