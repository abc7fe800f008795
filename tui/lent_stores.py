"""Open stores of this process, lent to feeds and single calls: a file to each its own, a server's one to all.

The file that was given back last stays open for the next who borrows: its statements are compiled, which takes as long
as to open it and to read a run."""

from __future__ import annotations

import atexit
import contextlib
import os
from collections.abc import Iterator
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from engine.store.database import Store

_lock = Lock()
_kept: dict[tuple[int, str], Store] = {}
"""By process, for a connection must not be shared with a fork, and URL."""


class _Resting(NamedTuple):
    """Open file that nobody uses."""

    process: int
    store: Store
    file: tuple[int, int]
    """Its device and number: another file may get its name."""


_resting: list[_Resting] = []
"""One at most."""
_files: dict[int, tuple[int, int]] = {}
"""File of each store that is lent, by the store's id: its name may mean another one when it is given back."""


def borrow_store(database: str, *, create: bool = False) -> Store:
    """Return an open store, to be given back. Raises StoreError."""
    from engine.files.paths import sqlite_file
    from engine.store.database import open_store

    key = os.getpid(), database
    with _lock:
        kept = _kept.get(key)
    if kept is not None:
        return kept
    if (store := _wake(database)) is not None:
        return store
    path = sqlite_file(database)
    before = _number_of(path)
    opened = open_store(database, create=create)
    if opened.path is not None:
        if before is not None and before == _number_of(path):
            _files[id(opened)] = before
        return opened
    with _lock:
        kept = _kept.setdefault(key, opened)
    if kept is not opened:
        opened.close()
    return kept


def give_back(store: Store, *, is_broken: bool = False) -> None:
    """Give back a store: the next who borrows gets it, or opens it anew where it `is_broken`."""
    with _lock:
        keys = [key for key, kept in _kept.items() if kept is store]
        if keys and not is_broken:
            return
        for key in keys:
            del _kept[key]
    file = _files.pop(id(store), None)
    if is_broken or file is None or file != _number_of(store.path):
        store.close()
    else:
        _let_rest(store, file)


def _wake(database: str) -> Store | None:
    """Return the file that rests, where it is the database's and would open as it is; None else."""
    from engine.files.paths import sqlite_file
    from engine.store.ready_file import is_ready

    path = sqlite_file(database)
    with _lock:
        found = (
            _resting.pop()
            if _resting and _resting[0].process == os.getpid() and _resting[0].store.path == path
            else None
        )
    if found is None or path is None:
        return None
    if _number_of(path) == found.file and is_ready(path):
        _files[id(found.store)] = found.file
        return found.store
    found.store.close()
    return None


def _let_rest(store: Store, file: tuple[int, int]) -> None:
    """Keep a file open in the place of the one before."""
    with _lock:
        before, _resting[:] = _resting[:], [_Resting(os.getpid(), store, file)]
    _close(before)


def _number_of(path: Path | None) -> tuple[int, int] | None:
    """Return the device and number of the file that has this name now; None where none has."""
    try:
        found = path.stat() if path is not None else None
    except OSError:
        found = None
    return (found.st_dev, found.st_ino) if found is not None else None


@atexit.register
def close_resting() -> None:
    """Close the file that nobody uses, as at the end of the process: the last who closes it ends its journal."""
    with _lock:
        before, _resting[:] = _resting[:], []
    _close(before)


def _close(some: list[_Resting]) -> None:
    for each in some:
        if each.process == os.getpid():
            each.store.close()


@contextlib.contextmanager
def borrowed_store(database: str, *, create: bool = False) -> Iterator[Store]:
    """Lend a store for a block. Raises StoreError."""
    from engine.store.errors import StoreError

    store, is_broken = borrow_store(database, create=create), False
    try:
        yield store
    except StoreError:
        is_broken = True
        raise
    finally:
        give_back(store, is_broken=is_broken)
