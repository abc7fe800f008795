"""Copy of a run table into another database, checked row by row."""

import contextlib
import hashlib
import itertools
import json
from collections.abc import Hashable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Row, Table, func, insert, select
from sqlmodel import Session, SQLModel

from engine.files.paths import SQLITE_PREFIX
from engine.store import workers
from engine.store.backends.protocol import backend_of
from engine.store.clock import next_change
from engine.store.database import Store, open_store
from engine.store.errors import StoreError
from engine.store.run_numbers import numbered
from engine.store.schema import IS_RUNNING, clock_table, edit_table, run_table

AT_ONCE = 500
"""Rows that are read and written at a time."""
COPIED: tuple[Table, ...] = tuple(
    table for table in SQLModel.metadata.sorted_tables if table is not clock_table
)
"""Tables in an order in which no row names one that is not there yet."""
ARE_THE_SAME = "both databases are the same: give another one to copy to"
OWN = "changed"
"""Column that each database counts by itself."""


@dataclass(frozen=True)
class Copied:
    """Rows of a copy, which both databases hold."""

    counts: dict[str, int]
    """By table."""
    digest: str
    """SHA-256 of all rows, but for their change numbers."""


def copy_runs(source: Store, target: Store, moved_to: str = "") -> Copied:
    """Copy all runs with their history and the edits that can be undone; the number of a removed run stays taken.

    All is written in one transaction, read back and compared before it is committed. With `moved_to`, the name of the
    target for messages, nobody writes to the source meanwhile, and it is closed in the end: both in use would give new
    runs the same numbers and folders. Raises StoreError, and then writes nothing: where runs train or workers are
    present, where both are one database, where the target has runs, where a row comes out otherwise."""
    if _identity(source) == _identity(target):  # its own lock would keep the copy waiting
        raise StoreError(ARE_THE_SAME)
    with source.write() if moved_to else source.read() as reading, target.write() as writing:
        for session in (reading, writing):
            backend_of(session).may_be_silent(session)
        _check_rest(reading, source)
        _check_empty(writing, target)
        changed = next_change(writing)
        counts = {table.name: _copy(table, reading, writing, changed) for table in COPIED}
        paused = reading.execute(select(clock_table.c.queue_paused)).scalar_one()
        writing.execute(clock_table.update().values(queue_paused=paused))
        last_ids = {table.name: _last_id(reading, table) for table in COPIED if "id" in table.c}
        backend_of(writing).number_after(writing, last_ids)
        backend_of(writing).many_written(writing, COPIED)
        digest, found = _digest(reading), _digest(writing)
        if digest != found:
            raise StoreError(
                f"{target.backend.where} gives other rows back than {source.backend.where} holds: nothing was copied; "
                "choose another database"
            )
        if moved_to:  # committed after the target
            reading.execute(clock_table.update().values(moved_to=moved_to))
    return Copied(counts, digest)


def _identity(store: Store) -> Hashable:
    with store.read() as session:
        return store.backend.identity(session)


def reopen(store: Store) -> None:
    """Let a database be opened again that a copy has closed."""
    with store.write() as session:
        session.execute(clock_table.update().values(moved_to=""))


@contextlib.contextmanager
def set_aside(path: Path | None) -> Iterator[Path | None]:
    """Rename the file of a run table that a copy has closed, and back where the block raises; yield its new path, None
    for a table in use or for no file. Raises StoreError for a file that is no run table, or that a program has open."""
    if path is None or not path.exists() or not _is_closed(path):
        yield None
        return
    if path.with_name(f"{path.name}-wal").exists():
        raise StoreError(f"{path} is open in another program: close the app, then copy")
    free = (path.with_name(f"{path.name}.{number}") for number in itertools.count(1))
    aside = next(each for each in free if not each.exists())
    path.rename(aside)
    try:
        yield aside
    except BaseException:
        for end in ("", "-wal", "-shm"):
            path.with_name(f"{path.name}{end}").unlink(missing_ok=True)
        aside.rename(path)
        raise


def _is_closed(path: Path) -> bool:
    found = open_store(f"{SQLITE_PREFIX}{path}", create=False, may_have_moved=True)
    try:
        with found.read() as session:
            return bool(session.execute(select(clock_table.c.moved_to)).scalar())
    finally:
        found.close()  # which empties its journal where nobody else has it open


def _check_rest(session: Session, source: Store) -> None:
    """Raise StoreError where somebody would go on writing to the old table."""
    running = list(session.execute(select(run_table.c.id).where(IS_RUNNING)).scalars())
    if running:
        raise StoreError(
            f"{numbered(running)} of {source.backend.where} {'is' if len(running) == 1 else 'are'} in training: "
            "wait, pause or stop the workers (resnet-tui workers stop --all), then copy"
        )
    if there := workers.present(session):
        raise StoreError(
            f"worker {there[0].id} (process {there[0].pid} on {there[0].host}) of {source.backend.where} is running: "
            "stop it, then copy"
        )


def _check_empty(session: Session, target: Store) -> None:
    for table in (run_table, edit_table):
        count = session.execute(select(func.count()).select_from(table)).scalar_one()
        if count:
            raise StoreError(
                f"{target.backend.where} is not empty (it has {count:,} {table.name}{'s' * (count != 1)}): give an "
                "empty database"
            )


def _copy(table: Table, reading: Session, writing: Session, changed: int) -> int:
    count = 0
    for rows in _parts(table, reading):
        own = {OWN: changed} if OWN in table.c else {}
        writing.execute(insert(table), [{**row._mapping, **own} for row in rows])
        count += len(rows)
    return count


def _parts(table: Table, session: Session) -> Iterator[list[Row[Any]]]:
    """Yield the rows of a table by its primary key, some at a time."""
    ordered = select(table).order_by(*table.primary_key.columns).execution_options(yield_per=AT_ONCE)
    yield from (list(part) for part in session.execute(ordered).partitions())


def _last_id(session: Session, table: Table) -> int:
    """Return the highest id that the table has ever given."""
    highest = session.execute(select(func.coalesce(func.max(table.c.id), 0))).scalar_one()
    return max(int(highest), backend_of(session).last_number(session, table.name))


def _digest(session: Session) -> str:
    digest = hashlib.sha256()
    for table in COPIED:
        columns = [column.name for column in table.columns if column.name != OWN]
        digest.update(f"{table.name}({','.join(columns)})\n".encode())
        for rows in _parts(table, session):
            for row in rows:
                values = [row._mapping[name] for name in columns]
                digest.update(json.dumps(values, sort_keys=True, default=_plain).encode() + b"\n")
    return digest.hexdigest()


def _plain(value: object) -> str:
    if isinstance(value, bytes | memoryview):
        return bytes(value).hex()
    if isinstance(value, datetime):
        return value.isoformat()
    raise TypeError(f"{type(value).__name__} is no type of a column")
