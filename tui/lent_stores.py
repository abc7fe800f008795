"""Open stores of this process, lent to feeds and single calls: a file to each its own, a server's one to all."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from threading import Lock
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from engine.store.database import Store

_lock = Lock()
_kept: dict[tuple[int, str], Store] = {}
"""By process, for a connection must not be shared with a fork, and URL."""


def borrow_store(database: str, *, create: bool = False) -> Store:
    """Return an open store, to be given back. Raises StoreError."""
    from engine.store.database import open_store

    key = os.getpid(), database
    with _lock:
        kept = _kept.get(key)
    if kept is not None:
        return kept
    opened = open_store(database, create=create)
    if opened.path is not None:
        return opened
    with _lock:
        kept = _kept.setdefault(key, opened)
    if kept is not opened:
        opened.close()
    return kept


def give_back(store: Store, *, is_broken: bool = False) -> None:
    """Close a file. A server stays open, unless it `is_broken`: the next who borrows opens it anew."""
    with _lock:
        keys = [key for key, kept in _kept.items() if kept is store]
        if keys and not is_broken:
            return
        for key in keys:
            del _kept[key]
    store.close()


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
