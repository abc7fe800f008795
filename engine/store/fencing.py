"""The claim that every write of an attempt carries, and the pieces of SQL that all writes share."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, cast

from sqlalchemy import ColumnElement, CursorResult, Table, Update, func, literal_column, select, text
from sqlmodel import Session, SQLModel

from engine.store.database import Store
from engine.store.status import Status, check_transition
from engine.store.tables import Clock, Run, RunDependency


class LeaseLost(Exception):
    """The run was claimed anew or taken away: whoever sees this must stop writing."""


class QueueError(ValueError):
    """A request that does not fit the run table; one line that says why."""


@dataclass(frozen=True)
class Claim:
    """A worker's right to write to a run: valid while `attempt` is the run's latest."""

    run_id: int
    attempt: int


def table_of(model: type[SQLModel]) -> Table:
    """The SQL table behind a model, for statements that write columns directly."""
    return cast(Table, model.__table__)  # type: ignore[attr-defined]


run_table, dependency_table, clock_table = table_of(Run), table_of(RunDependency), table_of(Clock)


# Written out, for only then does a database use the indexes over these rows alone.
IS_QUEUED, IS_RUNNING = text("run.status = 'queued'"), text("run.status = 'running'")


def now_s(session: Session) -> ColumnElement[float]:
    """Seconds since 1970 by the database's own clock, as an SQL expression."""
    return clock_s(session.get_bind().dialect.name)


def clock_s(dialect: str) -> ColumnElement[float]:
    """The same for a dialect by name."""
    if dialect == "sqlite":
        return literal_column("((julianday('now') - 2440587.5) * 86400.0)")
    return cast(ColumnElement[float], func.extract("epoch", func.clock_timestamp()))


def next_change(session: Session) -> int:
    """The change number for the rows that this transaction writes."""
    statement = (
        clock_table.update().values(changed=clock_table.c.changed + 1).returning(clock_table.c.changed)
    )
    return int(session.execute(statement).scalar_one())


def statuses(session: Session, run_ids: Iterable[int]) -> dict[int, Status]:
    """The status of each run, in the given order. Raises QueueError for one that is not there."""
    wanted = list(run_ids)
    found = statuses_there(session, wanted)
    for run_id in wanted:
        if run_id not in found:
            raise QueueError(f"there is no run {run_id}: resnet-tui ls shows them all")
    return found


def statuses_there(session: Session, run_ids: Iterable[int]) -> dict[int, Status]:
    """The status of each run that is there, in the given order."""
    wanted = list(dict.fromkeys(run_ids))
    found: dict[int, Status] = {}
    for start in range(0, len(wanted), 500):
        some = run_table.c.id.in_(wanted[start : start + 500])
        found |= {
            row.id: row.status
            for row in session.execute(select(run_table.c.id, run_table.c.status).where(some))
        }
    return {run_id: found[run_id] for run_id in wanted if run_id in found}


def write_fenced(session: Session, held: Claim, **values: Any) -> None:
    """Write to a run's row while the claim holds. Raises LeaseLost, TransitionError."""
    if "status" in values:
        check_transition(held.run_id, "running", values["status"])
    result = cast("CursorResult[Any]", session.execute(fenced(held).values(**values)))
    if result.rowcount == 0:
        raise LeaseLost(f"run {held.run_id} attempt {held.attempt}")


def fenced(held: Claim) -> Update:
    return run_table.update().where(
        run_table.c.id == held.run_id, run_table.c.attempt == held.attempt, run_table.c.status == "running"
    )


@contextmanager
def fence(store: Store, held: Claim) -> Iterator[None]:
    """Hold the write lock while the claim holds, so that nobody claims the run meanwhile: for the moment in which a
    file of the run takes its place. Raises LeaseLost."""
    mine = (run_table.c.id == held.run_id) & (run_table.c.attempt == held.attempt)
    wanted = select(run_table.c.id).where(mine, run_table.c.status == "running")
    with store.write() as session:
        if session.execute(wanted.with_for_update()).first() is None:
            raise LeaseLost(f"run {held.run_id} attempt {held.attempt}")
        yield
