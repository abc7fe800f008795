"""Operations of the store that differ from one kind of database to another."""

from collections.abc import Callable, Collection, Hashable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, TypeVar, cast

from sqlalchemy import ColumnElement, Connection, Engine, Table
from sqlmodel import Session

if TYPE_CHECKING:
    from sqlalchemy.dialects import postgresql, sqlite

T = TypeVar("T")
BUSY_TIMEOUT_S = 30
"""Longest time that a write waits for another process's write."""


class Backend(Protocol):
    """Database named by a URL."""

    @property
    def where(self) -> str:
        """Return the database's name for messages, without a password."""
        ...

    @property
    def path(self) -> Path | None:
        """Return the file of the database; None for one on a server."""
        ...

    @property
    def clock_s(self) -> ColumnElement[float]:
        """Return the seconds since 1970 by the database's own clock, as an SQL expression."""
        ...

    @property
    def change(self) -> ColumnElement[int]:
        """Return the change number of a write transaction that has been counted, as an SQL expression."""
        ...

    @property
    def read_options(self) -> Mapping[str, Any]:
        """Return the execution options of a transaction whose statements all see the same state."""
        ...

    @property
    def single_options(self) -> Mapping[str, Any]:
        """Return the execution options of a reading of one statement, which needs no transaction around it."""
        ...

    @property
    def write_options(self) -> Mapping[str, Any]:
        """Return the execution options of a transaction that no other writes beside."""
        ...

    @property
    def row_options(self) -> Mapping[str, Any]:
        """Return the execution options of a transaction that writes rows of one run or worker, beside others of its
        kind where the database can do that."""
        ...

    @property
    def one_options(self) -> Mapping[str, Any]:
        """Return the execution options of such a transaction of a single statement, beside `count_change`, which may
        be committed at once."""
        ...

    def make_engine(self, *, create: bool) -> Engine:
        """Make the engine, and with `create` a missing file. Raises StoreError where there is nothing to open."""
        ...

    def check_access(self) -> None:
        """Raise StoreError where another host uses the database and this one must not."""
        ...

    def set_up(self, engine: Engine) -> None:
        """Change the settings that are kept in the database, once it is known to be ours."""
        ...

    def next_run_id(self, session: Session, count: int) -> int:
        """Reserve `count` consecutive run ids that were never used before; return the first."""
        ...

    def last_number(self, session: Session, table: str) -> int:
        """Return the last id that a table has given to a row, though that row be gone; 0 where that is not kept."""
        ...

    def number_after(self, session: Session, last: Mapping[str, int]) -> None:
        """Number the new rows of each table after this id."""
        ...

    def insert(self, table: Table) -> "sqlite.Insert | postgresql.Insert":
        """Return an INSERT that can say what is done where a row has its key."""
        ...

    def count_change(self, session: Session | Connection) -> None:
        """Count this write transaction, for `change`: one that writes a single statement need not know its number."""
        ...

    def next_change(self, session: Session) -> int:
        """Count this write transaction; return the change number for the rows that it changes, which none has had."""
        ...

    def seen_change(self, session: Session) -> int:
        """Return the change number after which a reader looks next time: no row that this read transaction does not
        see will ever have a change number up to it. Rows with higher numbers may be seen twice."""
        ...

    def many_written(self, session: Session, tables: Collection[Table]) -> None:
        """Have a database that plans its queries by the number of rows count those of the tables anew, inside this
        transaction."""
        ...

    def identity(self, session: Session) -> Hashable:
        """Return what two URLs of one database have in common, and those of two databases have not."""
        ...

    def may_be_silent(self, session: Session) -> None:
        """Let this transaction wait between its statements for as long as it takes."""
        ...

    def read_together(self, session: Session, jobs: Sequence[Callable[[], T]]) -> list[T]:
        """Return what the jobs return, which read by this session of `Store.read` and need not each other's results."""
        ...

    def version(self, connection: Connection) -> Hashable:
        """Return a value that differs from the one before once another connection has committed."""
        ...

    def explain(self, error: str) -> str:
        """Word the driver's error in one line: what is wrong, where, and what to do."""
        ...


BACKEND = "backend"
"""Key of the backend in a session's `info`."""


def backend_of(session: Session) -> Backend:
    """Return the backend of a session from `Store.read` or `Store.write`."""
    return cast(Backend, session.info[BACKEND])
