"""Clock of the database, and the change numbers by which readers find what was written since."""

from sqlalchemy import ColumnElement
from sqlmodel import Session

from engine.store.backends.protocol import backend_of


def now_s(session: Session) -> ColumnElement[float]:
    """Return the seconds since 1970 by the database's own clock, as an SQL expression."""
    return backend_of(session).clock_s


def next_change(session: Session) -> int:
    """Return the change number for the rows that this transaction writes."""
    return backend_of(session).next_change(session)


def this_change(session: Session) -> ColumnElement[int]:
    """Return `next_change` as an SQL expression, for a transaction that need not know it: it saves a message."""
    backend = backend_of(session)
    backend.count_change(session)
    return backend.change


def seen_change(session: Session) -> int:
    """Return the change number after which a later reader finds all that this one does not see."""
    return backend_of(session).seen_change(session)
