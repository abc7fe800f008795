"""SQLite: the run table in one file, for the processes of one host."""

import random
import shlex
import sqlite3
from collections.abc import Callable, Collection, Hashable, Mapping, Sequence
from pathlib import Path
from time import monotonic, sleep
from typing import Any, TypeVar

from sqlalchemy import (
    URL,
    ColumnElement,
    Connection,
    Engine,
    Integer,
    Table,
    create_engine,
    event,
    literal_column,
    text,
)
from sqlalchemy.dialects.sqlite import Insert, insert
from sqlmodel import Session

from engine.files.privacy import make_database, secure_database
from engine.store.backends.protocol import BUSY_TIMEOUT_S
from engine.store.errors import StoreError
from engine.store.network_lock import HeldElsewhere, Holder, holder_for

T = TypeVar("T")
PAUSES_S, PAUSE_SHARE = (0.001, 0.025), 0.25
"""Least and longest pause of a writer between two looks whether the file is free, about this share of what it has
waited: many writers that look often take the processor from the one that writes."""
_COUNT_CHANGE = text("UPDATE clock SET changed = changed + 1 RETURNING changed")
_LATEST_CHANGE = text("SELECT changed FROM clock")


class SqliteBackend:
    """Database in a file; in a network folder it is locked for this host while the store is open."""

    clock_s: ColumnElement[float] = literal_column("((julianday('now') - 2440587.5) * 86400.0)")
    change: ColumnElement[int] = literal_column("(SELECT changed FROM clock)", Integer)
    read_options: Mapping[str, Any] = {}
    single_options = read_options
    write_options: Mapping[str, Any] = {"immediate": True}
    row_options = write_options

    def __init__(self, path: Path) -> None:
        self.path, self.where = path, str(path)
        self._holder: Holder | None = None

    def make_engine(self, *, create: bool) -> Engine:
        if not create and not self.path.exists():
            raise StoreError(
                f"no run table at {self.path}: start in your runs' folder, give --home or --db, "
                "or queue a first run with resnet-tui add"
            )
        if create:
            if not self.path.parent.exists():
                folder = self.path.parent
                raise StoreError(
                    f"the folder {folder} does not exist: make it with mkdir -p {shlex.quote(str(folder))}"
                )
            make_database(self.path)
        self._holder = holder_for(self.path)
        # The path is passed as it is: a question mark in it begins no query.
        url = URL.create("sqlite", database=str(self.path))
        engine = create_engine(url, connect_args={"timeout": BUSY_TIMEOUT_S})
        event.listen(engine, "connect", _set_pragmas)
        event.listen(engine, "begin", _begin)
        return engine

    def check_access(self) -> None:
        if self._holder is not None:
            try:
                self._holder.keep()
            except HeldElsewhere as error:
                raise StoreError(str(error)) from None

    def set_up(self, engine: Engine) -> None:
        """Set the journal's mode, which is kept in the file, and make the file private.

        WAL: readers and the writer do not wait for each other. DELETE: what a network folder can do."""
        mode = "WAL" if self._holder is None else "DELETE"
        connection = engine.raw_connection()  # without a transaction around it
        try:
            connection.cursor().execute(f"PRAGMA journal_mode={mode}").fetchall()
        finally:
            connection.close()
        secure_database(self.path)

    def next_run_id(self, session: Session, count: int) -> int:
        """Return the id after the last one used; SQLite counts it up as the rows are inserted."""
        return self.last_number(session, "run") + 1

    def last_number(self, session: Session, table: str) -> int:
        found = text("SELECT seq FROM sqlite_sequence WHERE name = :name")
        return int(session.execute(found, {"name": table}).scalar() or 0)

    def number_after(self, session: Session, last: Mapping[str, int]) -> None:
        """Move the numbers that SQLite keeps; of other tables it takes the highest row."""
        for table, number in last.items():
            values = {"name": table, "number": number}
            session.execute(text("DELETE FROM sqlite_sequence WHERE name = :name"), values)
            session.execute(text("INSERT INTO sqlite_sequence (name, seq) VALUES (:name, :number)"), values)

    def insert(self, table: Table) -> Insert:
        return insert(table)

    def count_change(self, session: Session) -> None:
        session.execute(_COUNT_CHANGE)

    def next_change(self, session: Session) -> int:
        """Count up; transactions write one after the other, so that numbers follow the order of their commits."""
        return int(session.execute(_COUNT_CHANGE).scalar_one())

    def seen_change(self, session: Session) -> int:
        return int(session.execute(_LATEST_CHANGE).scalar_one())

    def many_written(self, session: Session, tables: Collection[Table]) -> None:
        """Do nothing: here queries are planned by the indexes alone."""

    def identity(self, session: Session) -> Hashable:
        """Return the file's number: links may give it several names."""
        found = self.path.stat()
        return found.st_dev, found.st_ino

    def may_be_silent(self, session: Session) -> None:
        """Do nothing: no transaction is ended from outside."""

    def read_together(self, session: Session, jobs: Sequence[Callable[[], T]]) -> list[T]:
        """Do one after the other: nobody is far away."""
        return [job() for job in jobs]

    def version(self, connection: Connection) -> Hashable:
        return connection.execute(text("PRAGMA data_version")).scalar()

    def explain(self, error: str) -> str:
        where = self.where
        if "not a database" in error or "malformed" in error:
            return (
                f"{where} is not a resnet-tui database ({error}): move it away or give another file with --db"
            )
        if "readonly" in error or "read-only" in error:
            return f"{where} cannot be written: check the permissions of the file and its folder"
        if "unable to open" in error:
            return f"{where} cannot be opened: check that its folder can be written"
        if "locked" in error:
            return f"{where} is held by another program for over {BUSY_TIMEOUT_S} s: close that program, then retry"
        if "full" in error:
            return f"the disk of {where} is full: free some space, then retry"
        if "disk I/O error" in error:
            return f"the disk of {where} reads or writes with errors: check the disk, then retry"
        return f"{where}: {error}"


def _set_pragmas(connection: sqlite3.Connection, _record: Any) -> None:
    # The driver's own BEGIN comes late and is deferred; transactions are begun in _begin instead.
    connection.isolation_level = None
    for pragma in ("synchronous=FULL", "foreign_keys=ON"):
        connection.execute(f"PRAGMA {pragma}").fetchall()


def _begin(connection: Connection) -> None:
    if connection.get_execution_options().get("immediate", False):
        _begin_writing(connection)
    else:
        connection.exec_driver_sql("BEGIN")


def _begin_writing(connection: Connection) -> None:
    """Begin a write transaction, once no other is left; after BUSY_TIMEOUT_S raise the driver's error.

    SQLite itself would wait up to .1 s from one try to the next, and the longer the longer it has waited: whoever comes
    later overtakes it, and the file is idle while all sleep."""
    driver: Any = connection.connection.driver_connection
    began_s, shortest_s, longest_s = monotonic(), *PAUSES_S
    driver.execute("PRAGMA busy_timeout=0").close()
    try:
        while _is_busy(driver) and (waited_s := monotonic() - began_s) < BUSY_TIMEOUT_S:
            sleep(random.uniform(0.5, 1.5) * min(max(PAUSE_SHARE * waited_s, shortest_s), longest_s))
        if not driver.in_transaction:
            connection.exec_driver_sql("BEGIN IMMEDIATE")  # whose error SQLAlchemy knows
    finally:
        driver.execute(f"PRAGMA busy_timeout={round(1000 * BUSY_TIMEOUT_S)}").close()


def _is_busy(driver: sqlite3.Connection) -> bool:
    """Return True where another transaction writes; else begin one, unless the file cannot be written."""
    try:
        driver.execute("BEGIN IMMEDIATE").close()
    except sqlite3.Error as error:
        return error.sqlite_errorcode & 0xFF == sqlite3.SQLITE_BUSY
    return False
