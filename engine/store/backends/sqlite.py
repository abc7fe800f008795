"""SQLite: the run table in one file, for the processes of one host."""

import shlex
import sqlite3
from collections.abc import Callable, Collection, Hashable, Mapping, Sequence
from pathlib import Path
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
_COUNT_CHANGE = text("UPDATE clock SET changed = changed + 1 RETURNING changed")
_LATEST_CHANGE = text("SELECT changed FROM clock")


class SqliteBackend:
    """Database in a file; in a network folder it is locked for this host while the store is open."""

    clock_s: ColumnElement[float] = literal_column("((julianday('now') - 2440587.5) * 86400.0)")
    change: ColumnElement[int] = literal_column("(SELECT changed FROM clock)", Integer)
    read_options: Mapping[str, Any] = {}
    single_options = read_options
    write_options: Mapping[str, Any] = {"immediate": True}
    row_options = one_options = write_options

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

    def count_change(self, session: Session | Connection) -> None:
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
    immediate = connection.get_execution_options().get("immediate", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if immediate else "BEGIN")
