"""Clock of the database, and the counter of changes by which readers find what was written since."""

from sqlalchemy import ColumnElement
from sqlmodel import Session

from engine.store.backends.protocol import backend_of
from engine.store.schema import clock_table

COUNT_CHANGE = clock_table.update().values(changed=clock_table.c.changed + 1)


def now_s(session: Session) -> ColumnElement[float]:
    """Return the seconds since 1970 by the database's own clock, as an SQL expression."""
    return backend_of(session).clock_s


def next_change(session: Session) -> int:
    """Return the change number for the rows that this transaction writes."""
    return int(session.execute(COUNT_CHANGE.returning(clock_table.c.changed)).scalar_one())
