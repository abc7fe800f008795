"""First look at a run table in a file by Python's own driver: it takes some milliseconds, where the store's libraries
take a third of a second to import."""

import os
import sqlite3
import stat
from pathlib import Path
from urllib.parse import quote

from engine.store.network_lock import NETWORK, file_system_of

SCHEMA = "0021"
"""Number of the newest migration."""
OTHERS = stat.S_IRWXG | stat.S_IRWXO


def is_ready(path: Path) -> bool:
    """Return True for a run table that is sure to open, in silence: of this schema, private, on a disk of this host,
    and its runs not moved to another database. False may mean that this cannot be told from here."""
    try:
        return _is_private_here(path) and _is_current(path)
    except (OSError, sqlite3.Error):
        return False


def _is_private_here(path: Path) -> bool:
    there = Path(os.path.realpath(path))
    files = [there, *(Path(f"{there}{end}") for end in ("-wal", "-shm", "-journal"))]
    modes = [file.stat().st_mode for file in files if file.exists()]
    may_write = os.access(there, os.W_OK) and os.access(there.parent, os.W_OK)
    return may_write and not any(mode & OTHERS for mode in modes) and _is_on_disk(there.parent)


def _is_on_disk(folder: Path) -> bool:
    found = file_system_of(folder)
    return bool(found) and found not in NETWORK


def _is_current(path: Path) -> bool:
    # It is not to be made; and SQLite ends no journal of it, as it would for the last one that writes.
    connection = sqlite3.connect(f"file:{quote(os.path.realpath(path))}?mode=ro", uri=True, timeout=0.1)
    try:
        row = connection.execute("SELECT version_num, moved_to FROM alembic_version, clock").fetchone()
        mode = connection.execute("PRAGMA journal_mode").fetchone()
    finally:
        connection.close()
    return (row, mode) == ((SCHEMA, ""), ("wal",))
