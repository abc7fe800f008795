"""Runs and sweeps of a run table, to complete their names: read only, without the store, which takes long to import.

A table on a server is left alone: a key press must not wait for a network."""

import contextlib
import os
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

from engine.files.paths import Home
from engine.text import learning_rate, plain

MOST = 100
"""Runs or sweeps that are offered, the newest."""
PATIENCE_S = 0.2
"""Wait for a table that is being written."""
WAL_MODE_AT = 18
"""Byte of a file of SQLite that is 2 in WAL mode."""
RUNS = """SELECT id, status, name, data, arch, lr FROM run WHERE CAST(id AS TEXT) LIKE ? ORDER BY id DESC LIMIT ?"""
SWEEPS = """SELECT sweep, count(*) FROM run WHERE sweep <> '' GROUP BY sweep ORDER BY max(id) DESC LIMIT ?"""

Item = tuple[str, str]
"""Word to complete to, and a few words about it."""


def runs_like(home: Home, digits: str) -> list[Item]:
    """List the numbers of runs that begin with these digits, newest first, with what they are."""
    if digits and not (digits.isascii() and digits.isdecimal()):
        return []
    return [
        (str(run_id), _hint(status, name, data, arch, lr))
        for run_id, status, name, data, arch, lr in _rows(home, RUNS, f"{digits}%", MOST)
    ]


def _hint(status: str, name: str, data: str, arch: str, lr: float) -> str:
    recipe = f"{os.path.basename(data)} {os.path.basename(arch)} lr {learning_rate(lr)}"
    return plain(", ".join(filter(None, [status, name, recipe])))


def sweeps(home: Home) -> list[Item]:
    """List the sweeps, those of the newest runs first, with how many runs each has."""
    return [
        (name, f"{count} run{'s' if count != 1 else ''}")
        for name, count in _rows(home, SWEEPS, MOST)
        if plain(name) == name
    ]


def _rows(home: Home, query: str, *values: str | int) -> list[Any]:
    """Return the rows of a query; none where there is no table, or one that cannot be read."""
    file = home.database_file
    if file is None or not file.is_file():
        return []
    with contextlib.suppress(sqlite3.Error, OSError), _opened(file) as connection:
        return connection.execute(query, values).fetchall()
    return []


def _is_quiet(file: Path) -> bool:
    """Return whether a table in WAL mode has no log beside it: nobody has it open, and SQLite would make files to share
    it, so that it is read as it lies. Raises OSError."""
    with file.open("rb") as table:
        is_wal = table.read(WAL_MODE_AT + 1)[WAL_MODE_AT:] == b"\2"
    return is_wal and not os.path.exists(f"{file}-wal")


@contextlib.contextmanager
def _opened(file: Path) -> Iterator[sqlite3.Connection]:
    options = "mode=ro&immutable=1" if _is_quiet(file) else "mode=ro"
    connection = sqlite3.connect(f"file:{quote(str(file))}?{options}", uri=True, timeout=PATIENCE_S)
    try:
        yield connection
    finally:
        connection.close()
