"""Use of devices and hosts, written by workers: of attempts over their whole length, of workers in their last hour."""

from collections.abc import Collection
from typing import NamedTuple, cast

from sqlalchemy import CursorResult, delete, func, select
from sqlmodel import Session

from engine.hardware.system_history import Series, unpack
from engine.store.claims import Claim
from engine.store.clock import this_change
from engine.store.database import Store
from engine.store.measurement_tables import AttemptSystem
from engine.store.replace_row import replace_row
from engine.store.schema import hour_table, run_table, system_table, worker_table


class AttemptUse(NamedTuple):
    """Use of the device and the host while an attempt trained."""

    attempt: int
    seconds: float
    series: Series


class UseMark(NamedTuple):
    """Number of a run's attempts with a history, and the sum of their seconds: another one tells that there is more."""

    attempts: int
    seconds: float


def record_use(store: Store, held: Claim, seconds: float, series: Series) -> None:
    """Replace the history of an attempt, also after its end. Raises LeaseLost where a later one has begun."""
    mine = run_table.update().where(run_table.c.id == held.run_id, run_table.c.attempt == held.attempt)
    row = AttemptSystem(run_id=held.run_id, attempt=held.attempt, seconds=seconds, packed=series.packed())
    with store.write_rows() as session:
        there = cast("CursorResult[object]", session.execute(mine.values(changed=this_change(session))))
        if there.rowcount == 0:
            raise held.lost()
        replace_row(session, row)


def read_mark(session: Session, run_id: int) -> UseMark:
    seconds = func.coalesce(func.sum(system_table.c.seconds), 0.0)
    found = select(func.count(), seconds).where(system_table.c.run_id == run_id)
    return UseMark(*session.execute(found).one())


def read_use(session: Session, run_id: int) -> tuple[AttemptUse, ...]:
    """Return the histories of a run's attempts, in order; none of attempts of earlier versions."""
    row = system_table.c
    found = select(row.attempt, row.seconds, row.packed).where(row.run_id == run_id).order_by(row.attempt)
    return tuple(
        AttemptUse(attempt, seconds, unpack(packed)) for attempt, seconds, packed in session.execute(found)
    )


def record_hour(store: Store, worker_id: int, series: Series) -> None:
    """Replace the history of a worker's last hour."""
    backend = store.backend
    new = backend.insert(hour_table).values(
        worker_id=worker_id, seen_s=backend.clock_s, packed=series.packed()
    )
    values = {name: new.excluded[name] for name in ("seen_s", "packed")}
    replaced = new.on_conflict_do_update(index_elements=["worker_id"], set_=values)
    store.write_one(replaced.returning(hour_table.c.worker_id))


def forget_hours(session: Session) -> None:
    """Delete the histories of workers that have gone."""
    gone = select(worker_table.c.id).where(worker_table.c.state == "gone")
    session.execute(delete(hour_table).where(hour_table.c.worker_id.in_(gone)))


def read_hours(session: Session, worker_ids: Collection[int]) -> dict[int, Series]:
    """Return the histories of workers by id; none of those that have written none."""
    row = hour_table.c
    found = select(row.worker_id, row.packed).where(row.worker_id.in_(worker_ids))
    return {worker_id: unpack(packed) for worker_id, packed in session.execute(found)}
