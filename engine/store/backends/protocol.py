"""What the store asks of a database that differs from one kind to another."""

from collections.abc import Hashable, Mapping
from pathlib import Path
from typing import Any, Protocol, cast

from sqlalchemy import ColumnElement, Connection, Engine
from sqlmodel import Session

BUSY_TIMEOUT_S = 30
"""How long a write waits for another process's write before it gives up."""


class Backend(Protocol):
    """One database, named by its URL."""

    @property
    def where(self) -> str:
        """The database as messages name it, without a password."""
        ...

    @property
    def path(self) -> Path | None:
        """The file of the database; None for one on a server."""
        ...

    @property
    def clock_s(self) -> ColumnElement[float]:
        """Seconds since 1970 by the database's own clock, as an SQL expression."""
        ...

    @property
    def read_options(self) -> Mapping[str, Any]:
        """Execution options of a transaction whose statements all see the same state."""
        ...

    @property
    def write_options(self) -> Mapping[str, Any]:
        """Execution options of a transaction that holds the write lock from its start."""
        ...

    def make_engine(self, *, create: bool) -> Engine:
        """The engine; with `create` a missing file is made. Raises StoreError where there is nothing to open."""
        ...

    def check_access(self) -> None:
        """Raise StoreError where another host works with the database and this one must not."""
        ...

    def set_up(self, engine: Engine) -> None:
        """Set what is kept in the database, once it is known as ours."""
        ...

    def next_run_id(self, session: Session, count: int) -> int:
        """Reserve `count` run ids that were never given before, and give the first; they follow one another."""
        ...

    def version(self, connection: Connection) -> Hashable:
        """A value that differs from the one before once another connection has committed."""
        ...

    def explain(self, error: str) -> str:
        """The driver's error in one line that says what is wrong, where, and what to do."""
        ...


BACKEND = "backend"
"""The key under which a session of the store holds its backend."""


def backend_of(session: Session) -> Backend:
    """The backend of a session that `Store.read` or `Store.write` gave."""
    return cast(Backend, session.info[BACKEND])
