"""Open a database by its URL: pragmas, migrations, read and write transactions."""

import contextlib
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event
from sqlalchemy.exc import ArgumentError, DatabaseError, NoSuchModuleError
from sqlmodel import Session

from engine.files.privacy import make_database, secure_database
from engine.store.network_lock import HeldElsewhere, Holder, holder_for

SCHEMA = "0008"
BUSY_TIMEOUT_S = 30
SQLITE_PREFIX = "sqlite:///"


class StoreError(Exception):
    """The database cannot be used; the message is one line that says what to do."""


@dataclass(frozen=True)
class Store:
    """An open database. `read` and `write` are its transactions."""

    engine: Engine
    holder: Holder | None = None
    """Where the file lies in a network folder: what keeps it for this host."""
    path: Path | None = None
    """Of a table in a file."""

    @contextlib.contextmanager
    def read(self) -> Iterator[Session]:
        self.keep()
        with explained(self.engine), Session(self.engine, expire_on_commit=False) as session:
            yield session

    @contextlib.contextmanager
    def write(self) -> Iterator[Session]:
        """A transaction that holds the write lock from its first statement; commits unless it raises."""
        self.keep()
        immediate = self.engine.execution_options(immediate=True)
        with explained(self.engine), Session(immediate, expire_on_commit=False) as session, session.begin():
            yield session

    def keep(self) -> None:
        """Raises StoreError where another host works with the file."""
        if self.holder is not None:
            try:
                self.holder.keep()
            except HeldElsewhere as error:
                raise StoreError(str(error)) from None

    def which_file(self) -> tuple[int, int] | None:
        """What tells the file that lies under its name now from one that is put in its place; None for a table that is
        in no file. Raises StoreError where it has gone, which an open connection does not notice."""
        if self.path is None:
            return None
        try:
            status = self.path.stat()
        except OSError as error:
            raise StoreError(
                f"the run table {self.path} cannot be reached ({error.strerror}): put it back; what is trained "
                "meanwhile may be lost"
            ) from None
        return status.st_dev, status.st_ino

    def close(self) -> None:
        self.engine.dispose()


def open_store(url: str, *, create: bool = True) -> Store:
    """Open a database, bringing its schema up to date; with `create` a missing one is made.

    Raises StoreError for what is not a database, not ours, newer than this program, or cannot be written."""
    path = _sqlite_path(url)
    if path is not None and not create and not path.exists():
        raise StoreError(
            f"no run table at {path}: start in your runs' folder, give --home or --db, "
            "or queue a first run with resnet-tui add"
        )
    on_disk = path is not None and path.name != ":memory:"
    if path is not None and on_disk and create:
        make_database(path)
    store = Store(
        _make_engine(url),
        holder_for(path) if path is not None and on_disk else None,
        path if on_disk else None,
    )
    try:
        store.keep()
        with explained(store.engine):
            _migrate(store.engine)
            _set_journal(store.engine, "WAL" if store.holder is None else "DELETE")
        if path is not None and on_disk:
            secure_database(path)
    except BaseException:
        store.close()
        raise
    return store


def _make_engine(url: str) -> Engine:
    path = _sqlite_path(url)
    # A path is taken as it is: a question mark in it is no query.
    target = URL.create("sqlite", database=str(path)) if path is not None else url
    try:
        engine = create_engine(target, connect_args={"timeout": BUSY_TIMEOUT_S} if path is not None else {})
    except ModuleNotFoundError as error:
        raise StoreError(
            f"{url!r} needs the driver {error.name}, which is not installed, and only SQLite is tested: "
            "write it like sqlite:///runs.db"
        ) from None
    except (ArgumentError, NoSuchModuleError):
        raise StoreError(f"{url!r} is not a database URL: write it like sqlite:///runs.db") from None
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _set_pragmas)
        event.listen(engine, "begin", _begin)
    return engine


def _sqlite_path(url: str) -> Path | None:
    return Path(url.removeprefix(SQLITE_PREFIX)) if url.startswith(SQLITE_PREFIX) else None


def _set_pragmas(connection: sqlite3.Connection, _record: Any) -> None:
    # The driver's own BEGIN comes late and is deferred; transactions are begun in _begin instead.
    connection.isolation_level = None
    for pragma in ("synchronous=FULL", "foreign_keys=ON"):
        connection.execute(f"PRAGMA {pragma}").fetchall()


def _set_journal(engine: Engine, mode: str) -> None:
    """WAL: readers and the writer do not wait for each other. DELETE: what a network folder can do.

    Kept in the file, so only set once it is known as ours."""
    if engine.dialect.name == "sqlite":
        connection = engine.raw_connection()  # without a transaction around it
        try:
            connection.cursor().execute(f"PRAGMA journal_mode={mode}").fetchall()
        finally:
            connection.close()


def _begin(connection: Connection) -> None:
    immediate = connection.get_execution_options().get("immediate", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if immediate else "BEGIN")


def _migrate(engine: Engine) -> None:
    found = _schema_of(engine)
    if found == SCHEMA:
        return
    if found is not None and found > SCHEMA:
        raise StoreError(
            f"{_where(engine)} was made by a newer resnet-tui: install {_newest_program(engine)}"
        )
    # Alembic takes a third of a second to import: only where there is work for it.
    from engine.store.migrations.apply import upgrade

    upgrade(engine, program_version=own_version())


def own_version() -> str:
    """Empty in a checkout that was never installed."""
    try:
        return version("resnet-tui")
    except PackageNotFoundError:
        return ""


def _schema_of(engine: Engine) -> str | None:
    """The schema's number, or None for an empty database."""
    with engine.connect() as connection:
        if all(engine.dialect.has_table(connection, name) for name in ("alembic_version", "clock")):
            return connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar()
        names = engine.dialect.get_table_names(connection)
    if names:
        raise StoreError(
            f"{_where(engine)} belongs to another program (it has a table {sorted(names)[0]!r}): "
            "give another file with --db"
        )
    return None


def _newest_program(engine: Engine) -> str:
    with engine.connect() as connection:
        found = connection.exec_driver_sql("SELECT program_version FROM clock").scalar()
    return f"resnet-tui {found} or newer" if found else "a newer resnet-tui"


def _where(engine: Engine) -> str:
    return engine.url.database or engine.url.render_as_string()


@contextlib.contextmanager
def explained(engine: Engine) -> Iterator[None]:
    """Turn the database's own errors into one line that says what to do."""
    try:
        yield
    except DatabaseError as error:
        raise StoreError(_explain(str(error.orig), _where(engine))) from error


def _explain(text: str, where: str) -> str:
    if "not a database" in text or "malformed" in text:
        return f"{where} is not a resnet-tui database ({text}): move it away or give another file with --db"
    if "readonly" in text or "read-only" in text:
        return f"{where} cannot be written: check the permissions of the file and its folder"
    if "unable to open" in text:
        return f"{where} cannot be opened: check that its folder exists and can be written"
    if "locked" in text:
        return (
            f"{where} is held by another program for over {BUSY_TIMEOUT_S} s: close that program, try again"
        )
    if "full" in text:
        return f"the disk of {where} is full: free some space, then try again"
    if "disk I/O error" in text:
        return f"the disk of {where} does not take what is written or does not answer: look at it, then try again"
    return f"{where}: {text}"
