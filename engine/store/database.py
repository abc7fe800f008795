"""Open a database by its URL: migrations, read and write transactions."""

import contextlib
import re
from collections.abc import Callable, Hashable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from sqlalchemy import URL, Engine, Row, Select, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, OperationalError, ProgrammingError
from sqlalchemy.sql.dml import ReturningInsert, ReturningUpdate
from sqlmodel import Session

from engine.files.paths import sqlite_file
from engine.store.backends.postgresql import PostgresqlBackend, url_without_secrets
from engine.store.backends.protocol import BACKEND, Backend, backend_of
from engine.store.backends.sqlite import SqliteBackend
from engine.store.errors import StoreError
from engine.store.ready_file import SCHEMA
from engine.version import own_version

PORTS = range(1, 65536)
DRIVERS = ("postgresql", "postgresql+psycopg")
Options = Literal["read_options", "single_options", "write_options", "row_options", "one_options"]
"""Name of a backend's options for a kind of transaction."""


@dataclass(frozen=True)
class Store:
    """Open database. `read`, `write` and `write_rows` are its transactions; `read_one` and `write_one` those of one
    statement."""

    engine: Engine
    backend: Backend
    may_have_moved: bool = False
    """True where a database is written to whose runs were moved to another."""
    _engines: dict[str, Engine] = field(default_factory=dict, repr=False, compare=False)

    @property
    def path(self) -> Path | None:
        """Return the file of the database; None for one on a server."""
        return self.backend.path

    @contextlib.contextmanager
    def read(self) -> Iterator[Session]:
        """Begin a transaction whose statements all see the same state."""
        self.backend.check_access()
        engine = self._engine_for("read_options")
        with explained(self.backend), Session(engine, expire_on_commit=False, info=self._info) as session:
            yield session
            session.expunge_all()
            session.commit()  # psycopg forgets its prepared statements where a transaction is rolled back

    def read_one(self, statement: Select[Any], values: Mapping[str, Any]) -> Row[Any] | None:
        """Execute a single reading, in one round trip over a network; return its first row, None where it has none."""
        self.backend.check_access()
        engine = self._engine_for("single_options")
        with explained(self.backend), engine.connect() as connection:
            return connection.execute(statement, values).first()

    def write(self) -> AbstractContextManager[Session]:
        """Begin a transaction that no other writes beside: from its first statement on what it reads stays as it is.

        It commits unless it raises. Raises StoreError where the runs were moved to another database since it was
        opened."""
        return self._write("write_options")

    def write_rows(self) -> AbstractContextManager[Session]:
        """Begin a transaction that writes rows of one run or worker alone, each by a condition that it states itself,
        beside others of its kind where the database can do that; it commits unless it raises."""
        return self._write("row_options")

    def write_one(
        self,
        statement: ReturningInsert[Any] | ReturningUpdate[Any],
        values: Mapping[str, Any] | None = None,
        *,
        is_change: bool = False,
    ) -> Row[Any] | None:
        """Execute a single statement as in `write_rows`, in one round trip over a network; return the first row that it
        has written, None where it wrote none. With `is_change` it writes the change number `backend.change`."""
        self.backend.check_access()
        engine = self._engine_for("one_options")
        with explained(self.backend), engine.connect() as connection:
            if is_change:
                self.backend.count_change(connection)
            row = connection.execute(statement, values or {}).first()
            if row is not None:  # else nothing was changed, and nothing is to be counted
                connection.commit()
        return row

    @contextlib.contextmanager
    def _write(self, options: Options) -> Iterator[Session]:
        self.backend.check_access()
        engine = self._engine_for(options)
        with (
            explained(self.backend),
            Session(engine, expire_on_commit=False, info=self._info) as session,
            session.begin(),
        ):
            if options == "write_options" and not self.may_have_moved:
                require_unmoved(session)
            yield session

    def _engine_for(self, options: Options) -> Engine:
        """Return the engine with the backend's options, made once: to make it takes as long as a statement."""
        found = self._engines.get(options)
        if found is None:
            found = self._engines[options] = self.engine.execution_options(**getattr(self.backend, options))
        return found

    @property
    def _info(self) -> dict[str, Backend]:
        return {BACKEND: self.backend}

    def which_file(self) -> tuple[int, int] | None:
        """Return what tells the file that lies under its name now from one that is put in its place; None for a
        database on a server. Raises StoreError where it has gone, which an open connection does not notice."""
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


def read_together(session: Session, *jobs: Callable[[], Any]) -> list[Any]:
    """Return what jobs return that read by a session of `Store.read` and need not each other's results: over a network
    all of them take as long as the one with the most statements."""
    return backend_of(session).read_together(session, jobs)


def require_unmoved(session: Session) -> None:
    """Raise StoreError where the runs of a database were moved to another since it was opened."""
    moved_to = session.connection().exec_driver_sql("SELECT moved_to FROM clock").scalar()
    if moved_to:
        raise _moved(backend_of(session), moved_to)


def _moved(backend: Backend, moved_to: str) -> StoreError:
    return StoreError(
        f"the runs of {backend.where} were moved to {moved_to}: name that one with RESNET_TUI_DB or --db, "
        "or open this one again with resnet-tui db reopen"
    )


class ChangeWatch:
    """Cheap check for writes by others, over a connection of its own."""

    def __init__(self, store: Store) -> None:
        """Open the connection. Raises StoreError."""
        self._backend = store.backend
        with explained(store.backend):
            self._connection = store.engine.execution_options(**store.backend.single_options).connect()

    def version(self) -> Hashable:
        """Return a value that differs from the one before once another connection has committed. Raises StoreError."""
        with explained(self._backend):
            found = self._backend.version(self._connection)
            self._connection.rollback()
        return found

    def close(self) -> None:
        self._connection.close()


def open_store(url: str, *, create: bool = True, may_have_moved: bool = False) -> Store:
    """Open a database, bringing its schema up to date; with `create` a missing file is made.

    Raises StoreError for what is not a database, not ours, newer than this program, or cannot be written; and for one
    whose runs were moved to another, unless it `may_have_moved`."""
    backend = backend_for(url)
    store = Store(backend.make_engine(create=create), backend, may_have_moved)
    try:
        backend.check_access()
        with explained(backend):
            moved_to = _migrate(store)
            if moved_to and not may_have_moved:
                raise _moved(backend, moved_to)
            backend.set_up(store.engine)
    except BaseException:
        store.close()
        raise
    return store


def backend_for(url: str) -> Backend:
    """Return the backend that a database URL names. Raises StoreError."""
    path = sqlite_file(url)
    if path is not None:
        if path.name == ":memory:":
            raise StoreError(
                "a run table in memory would end with this command: give a file, such as sqlite:///runs.db"
            )
        return SqliteBackend(path)
    parsed = parse_url(url)
    if parsed.get_backend_name() != "postgresql":
        raise _no_url(url)
    if parsed.drivername not in DRIVERS:
        driver = parsed.get_driver_name()
        raise StoreError(
            f"{url_shown(url)!r} names the driver {driver}: write it like postgresql://user@host/database, "
            "which uses psycopg"
        )
    return PostgresqlBackend(parsed)


def parse_url(url: str) -> URL:
    """Parse the URL of a database on a server. Raises StoreError."""
    try:
        url.encode()
        parsed = make_url(re.sub("^postgres://", "postgresql://", url))  # libpq takes both
        has_port = parsed.port is None or parsed.port in PORTS
    except (ArgumentError, UnicodeError):
        raise _no_url(url) from None
    except ValueError:  # from SQLAlchemy, which turns the port into a number
        has_port = False
    if not has_port:
        raise StoreError(
            f"the port in {url_shown(url)!r} is not a number from {PORTS[0]} to {PORTS[-1]}: "
            "write it like postgresql://user@host:5432/database"
        )
    if "@" in (parsed.host or ""):
        raise StoreError(f"{url_shown(url)!r} has more than one @: write one in a user or password as %40")
    return parsed


def _no_url(url: str) -> StoreError:
    return StoreError(
        f"{url_shown(url)!r} is not a database URL for runs: write it like sqlite:///runs.db "
        "or postgresql://user@host/database"
    )


def url_shown(url: str) -> str:
    """Return a database's URL without its passwords, whether or not it can be parsed."""
    return url if sqlite_file(url) is not None else url_without_secrets(url)


def _migrate(store: Store) -> str:
    """Bring the schema up to date; return the database that the runs were moved to, empty where they were not."""
    found, moved_to = _schema_of(store)
    if found == SCHEMA:
        return moved_to
    if found is not None and found > SCHEMA:
        raise StoreError(
            f"{store.backend.where} was made by a newer resnet-tui: install {_newest_program(store.engine)}"
        )
    # Alembic takes a third of a second to import: only where there is work for it.
    from engine.store.migrations.apply import upgrade

    writing = store.engine.execution_options(**store.backend.write_options)
    upgrade(writing, program_version=own_version())
    return moved_to


def _schema_of(store: Store) -> tuple[str | None, str]:
    """Return the schema's number, or None for an empty database, and the database that its runs were moved to."""
    engine, dialect = store.engine, store.engine.dialect
    single = engine.execution_options(**store.backend.single_options)
    try:
        with single.connect() as connection:  # the usual case takes one statement
            row = connection.exec_driver_sql(
                "SELECT version_num, moved_to FROM alembic_version, clock"
            ).first()
            return (None, "") if row is None else (row[0], row[1])
    except ProgrammingError:
        pass
    except OperationalError as error:
        if "no such" not in str(error.orig):  # table or column: of an earlier schema, or of another program
            raise
    with engine.connect() as connection:
        if all(dialect.has_table(connection, name) for name in ("alembic_version", "clock")):
            return connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar(), ""
        names = dialect.get_table_names(connection)
    if names:
        raise StoreError(
            f"{store.backend.where} belongs to another program (it has a table {sorted(names)[0]!r}): "
            "give another database with --db"
        )
    return None, ""


def _newest_program(engine: Engine) -> str:
    with engine.connect() as connection:
        found = connection.exec_driver_sql("SELECT program_version FROM clock").scalar()
    return f"resnet-tui {found} or newer" if found else "a newer resnet-tui"


@contextlib.contextmanager
def explained(backend: Backend) -> Iterator[None]:
    """Turn the database's own errors into one line that says what to do."""
    try:
        yield
    except DBAPIError as error:
        raise StoreError(backend.explain(str(error.orig))) from error
