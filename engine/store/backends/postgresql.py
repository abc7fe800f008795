"""PostgreSQL 13 or newer: the run table on a server, for workers on several hosts."""

import contextlib
import logging
import math
import os
import re
import time
from collections import deque
from collections.abc import Callable, Collection, Hashable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

from sqlalchemy import (
    URL,
    BigInteger,
    ColumnElement,
    Connection,
    Double,
    Engine,
    String,
    Table,
    cast,
    create_engine,
    event,
    extract,
    func,
    text,
)
from sqlalchemy.exc import DisconnectionError, NoSuchModuleError
from sqlmodel import Session

from engine.store.backends.protocol import BUSY_TIMEOUT_S
from engine.store.errors import StoreError

if TYPE_CHECKING:
    from sqlalchemy.dialects.postgresql import Insert

T = TypeVar("T")
WRITE_LOCK = 0x7265736E6574
"""Key of the advisory lock that every write transaction holds: shared by those that write rows of one run or worker;
alone by those that read what they write by, so that they find it as it stays, as with SQLite."""
BEGIN = "begin"
"""Execution option: the statements that begin a transaction, divided by `; ` and sent together. A statement that is
sent together with others, none of which is BEGIN, is committed with them at once."""
ALONE = f"BEGIN; SELECT pg_advisory_xact_lock({WRITE_LOCK})"
SHARE = f"SELECT pg_advisory_xact_lock_shared({WRITE_LOCK})"
BESIDE = f"BEGIN; {SHARE}"
SNAPSHOT = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
LAZY = "begins lazily"
"""Execution option: True where the statement that begins a transaction waits for the transaction's first one."""
IDLE = "idle since"
IDLE_S = 5.0
"""A connection that has not been used for so long is asked whether its server is still there."""
CONNECT_TIMEOUT_S = 10
FAR_S, ANSWERS = 0.003, 8
"""Seconds that the quickest of so many answers takes from a server that is far away."""
SILENCE_S = 15
"""A connection of which the other end has acknowledged nothing for so long is lost."""
ASIDE_S = 60
"""The server ends a transaction that sends no statement for so long, and gives up its locks: its host is cut off, or
its process suspended."""
NO_ANSWER = "does not answer: check host and port in the URL, and that the server runs"
EXPLANATIONS = (
    ("could not translate host name", "is on an unknown host: check the host in the URL"),
    ("failed to resolve host", "is on an unknown host: check the host in the URL"),
    ("Connection refused", NO_ANSWER),
    ("timeout expired", NO_ANSWER),
    ("No such file or directory", NO_ANSWER),
    ("the database system is", "is starting or stopping: retry in a moment"),
    ("Connection timed out", NO_ANSWER),
    ("closed the connection", "closed the connection: check that the server runs, then retry"),
    ("the connection is", "closed the connection: check that the server runs, then retry"),
    (
        "no password supplied",
        "needs a password, and ~/.pgpass has none for this host, port, database and user: add a line there, or name "
        "the URL with its password in RESNET_TUI_DB",
    ),
    ("authentication failed", "refuses this user: check user and password"),
    ('role "', "refuses this user: check user and password"),
    ('database "', "does not exist: create it with createdb, or give another URL with --db"),
    ("lock timeout", f"is held by another program for over {BUSY_TIMEOUT_S} s: close that program, then retry"),
    ("No space left", "is on a full disk: free some space, then retry"),
    ("read-only", "cannot be written: connect to the primary server, as a user that may write"),
    ("permission denied", "cannot be used by this user: grant it the rights to the database's tables"),
)  # fmt: skip
"""Parts of a driver's error, each with what is wrong and what to do; the first that matches counts."""


class PostgresqlBackend:
    """Database on a server."""

    path = None
    clock_s: ColumnElement[float] = cast(extract("epoch", func.clock_timestamp()), Double)
    change: ColumnElement[int] = cast(cast(func.pg_current_xact_id(), String), BigInteger)
    read_options: Mapping[str, Any] = {BEGIN: SNAPSHOT, LAZY: True}
    single_options: Mapping[str, Any] = {BEGIN: "", LAZY: True}
    # Read committed: after waiting for the write lock a transaction reads what the writer before it committed.
    write_options: Mapping[str, Any] = {BEGIN: ALONE, LAZY: True}
    row_options: Mapping[str, Any] = {BEGIN: BESIDE}

    def __init__(self, url: URL) -> None:
        self._url = url.set(drivername="postgresql+psycopg") if "+" not in url.drivername else url
        self.where = url_without_secrets(url.render_as_string(hide_password=True))
        self._answers_s: deque[float] = deque(maxlen=ANSWERS)

    @property
    def one_options(self) -> Mapping[str, Any]:
        from engine.store.backends.pipelining import can_pipeline  # needs the driver

        return {BEGIN: SHARE, LAZY: True} if can_pipeline() else self.row_options

    def make_engine(self, *, create: bool) -> Engine:
        """Make the engine; the database itself must exist, whatever `create` says. Raises StoreError."""
        try:
            engine = create_engine(
                self._url, connect_args=_connection_settings(self._url), use_native_hstore=False
            )
        except (ModuleNotFoundError, NoSuchModuleError):
            raise StoreError(
                f"{self.where} needs the driver {self._url.get_driver_name()}, which is not installed: "
                "pip install 'resnet-tui[postgresql]'"
            ) from None
        # The driver raises as errors what it logs.
        logging.getLogger("psycopg").addHandler(logging.NullHandler())
        event.listen(engine, "connect", _set_up)
        event.listen(engine, "begin", _begin)
        event.listen(engine, "checkin", _note_time)
        event.listen(engine, "checkout", _check_idle)
        return engine

    def check_access(self) -> None:
        """Do nothing: any number of hosts may use a server."""

    def set_up(self, engine: Engine) -> None:
        """Give runs that a restored dump has brought from another server a change number of this one."""
        ahead = "changed >= pg_snapshot_xmax(pg_current_snapshot())::text::bigint"
        with engine.execution_options(**self.single_options).connect() as connection:
            with self._timed():
                found = connection.execute(text(f"SELECT 1 FROM run WHERE {ahead} LIMIT 1")).first()
            if found is None:
                return
        with engine.execution_options(**self.write_options).begin() as connection:
            number = "pg_current_xact_id()::text::bigint"
            connection.execute(text(f"UPDATE run SET changed = {number} WHERE {ahead}"))

    def next_run_id(self, session: Session, count: int) -> int:
        """Move the sequence past the new ids; a transaction that is rolled back leaves a gap.

        It is moved past the highest row too, because version 0.1.0 numbered rows without the sequence."""
        sequence = "pg_get_serial_sequence('run', 'id')"
        used = f"greatest(nextval({sequence}) - 1, (SELECT coalesce(max(id), 0) FROM run))"
        moved = text(f"SELECT setval({sequence}, {used} + :count)")
        return int(session.execute(moved, {"count": count}).scalar_one()) - count + 1

    def last_number(self, session: Session, table: str) -> int:
        last = "SELECT pg_sequence_last_value(pg_get_serial_sequence(:name, 'id')::regclass)"
        return int(session.execute(text(last), {"name": table}).scalar() or 0)

    def number_after(self, session: Session, last: Mapping[str, int]) -> None:
        moved = text("SELECT setval(pg_get_serial_sequence(:name, 'id'), :number)")
        for table, number in last.items():
            if number:
                session.execute(moved, {"name": table, "number": number})

    def insert(self, table: Table) -> "Insert":
        from sqlalchemy.dialects.postgresql import insert  # the app opens files without it

        return insert(table)

    def count_change(self, session: Session | Connection) -> None:
        """Do nothing: the server numbers its transactions itself."""

    def next_change(self, session: Session) -> int:
        """Return the transaction's own number, which the server gives to transactions as they begin to write."""
        return int(session.execute(_THIS_CHANGE).scalar_one())

    def seen_change(self, session: Session) -> int:
        """Return the number before the oldest transaction that is still writing: they commit in any order."""
        oldest = text("SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint - 1")
        return int(session.execute(oldest).scalar_one())

    def many_written(self, session: Session, tables: Collection[Table]) -> None:
        """Let the claims that follow find the index at once: the server's own count comes up to a minute later."""
        names = ", ".join(f'"{table.name}"' for table in tables)
        session.execute(text(f"ANALYZE {names}"))

    def identity(self, session: Session) -> Hashable:
        """Return when the server began, to the microsecond, which all users may ask, and the database's name there."""
        found = session.execute(text("SELECT pg_postmaster_start_time()::text, current_database()")).one()
        return tuple(found)

    def may_be_silent(self, session: Session) -> None:
        session.execute(text("SET LOCAL idle_in_transaction_session_timeout = 0"))

    def read_together(self, session: Session, jobs: Sequence[Callable[[], T]]) -> list[T]:
        """Send the statements of the jobs together, where the server is so far away that to wait costs more than that
        does."""
        from engine.store.backends.pipelining import read_together

        if min(self._answers_s, default=0.0) < FAR_S:
            return [job() for job in jobs]
        return read_together(_driver(session.connection()), jobs)

    def version(self, connection: Connection) -> Hashable:
        """Return a value that changes with every write transaction on the server."""
        with self._timed():
            return connection.execute(text("SELECT pg_current_snapshot()::text")).scalar()

    @contextlib.contextmanager
    def _timed(self) -> Iterator[None]:
        """Take the time of a block that waits for the server once, and hardly works itself."""
        began = time.perf_counter()
        yield
        self._answers_s.append(time.perf_counter() - began)

    def explain(self, error: str) -> str:
        for part, advice in EXPLANATIONS:
            if part in error:
                return f"{self.where} {advice}"
        return f"{self.where}: {' '.join(error.split())}"


def url_without_secrets(url: str) -> str:
    """Return a URL without its password and those among its parameters, whether or not it can be parsed."""
    hidden = re.sub(r"^([^:]*://[^:@/]*):.*@", r"\1:***@", url, flags=re.DOTALL)
    return re.sub(r"(?i)([?&][^=&]*(?:password|secret)[^=&]*=)[^&]*", r"\1***", hidden)


def _connection_settings(url: URL) -> dict[str, Any]:
    """Return settings of libpq and of the session; the URL and PGOPTIONS may give other values.

    Both ends find out within seconds that the other is cut off, where their systems would wait for hours: meanwhile a
    client would be stuck in a call, and the server would keep its locks."""
    probes = {"keepalives_idle": SILENCE_S - 5, "keepalives_interval": 2, "keepalives_count": 3}
    client = {"connect_timeout": CONNECT_TIMEOUT_S, "tcp_user_timeout": 1_000 * SILENCE_S, **probes}
    session = {
        "lock_timeout": f"{BUSY_TIMEOUT_S}s",
        "idle_in_transaction_session_timeout": f"{ASIDE_S}s",
        **{f"tcp_{name}": value for name, value in probes.items()},
    }
    given = url.query.get("options", os.environ.get("PGOPTIONS", ""))
    asked = [given] if isinstance(given, str) else [*given]
    options = " ".join([*(f"-c {name}={value}" for name, value in session.items()), *asked]).strip()
    return {name: value for name, value in client.items() if name not in url.query} | {"options": options}


_THIS_CHANGE = text("SELECT pg_current_xact_id()::text::bigint")


def _set_up(connection: Any, _record: object) -> None:
    """Let the driver send no BEGIN of its own: `_begin` sends it together with the lock."""
    from engine.store.backends.pipelining import PipeliningCursor  # needs the driver

    connection.autocommit = True
    connection.cursor_factory = PipeliningCursor


def _driver(connection: Connection) -> Any:
    """Return the driver's own connection."""
    return connection.connection.driver_connection


def _begin(connection: Connection) -> None:
    from engine.store.backends.pipelining import begin_with_next

    options = connection.get_execution_options()
    begin, is_lazy = options.get(BEGIN, "BEGIN"), options.get(LAZY, False)
    begin_with_next(_driver(connection), begin if is_lazy else "")
    if not is_lazy:
        connection.exec_driver_sql(begin)


def _note_time(_connection: Any, record: Any) -> None:
    record.info[IDLE] = time.monotonic()


def _check_idle(connection: Any, record: Any, _proxy: object) -> None:
    """Have a connection replaced that its server has closed meanwhile."""
    if time.monotonic() - record.info.get(IDLE, math.inf) > IDLE_S:
        try:
            connection.execute("SELECT 1")
        except Exception:
            raise DisconnectionError from None
