"""Read the latest events of a run table: runs that ended, and running ones with a warning."""

from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, func, select
from sqlmodel import Session

from engine.analysis.news import Events
from engine.queries.read_news import run_states
from engine.store.schema import run_table

Version = tuple[Any, ...]
"""Equal as long as no event of a time is new, gone or another."""


def version_of_events(session: Session, since: datetime) -> Version:
    """Return what tells whether events changed, in one query."""
    table = run_table.c
    columns = (func.count(), func.max(table.ended_at), func.max(table.changed))
    return tuple(session.execute(select(*columns).where(_ended(since) | _warned())).one())


def read_events(session: Session, since: datetime, most: int) -> Events:
    """Read the events after `since`, exclusive, at most so many ends."""
    ended = run_states(session, _ended(since), newest=most)
    warned = [run for run in run_states(session, _warned()) if run.is_warned]
    count = (
        session.execute(select(func.count()).where(_ended(since))).scalar_one() if len(ended) == most else 0
    )
    return Events(tuple(ended), tuple(warned), max(count - most, 0))


def _ended(since: datetime) -> ColumnElement[bool]:
    ended: ColumnElement[bool] = run_table.c.ended_at > since
    return ended


def _warned() -> ColumnElement[bool]:
    return (run_table.c.status == "running") & run_table.c.verdict.is_not(None)
