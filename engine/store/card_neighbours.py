"""Other runs on the card of a run in training."""

from dataclasses import dataclass

from sqlalchemy import select
from sqlmodel import Session, col
from sqlmodel import select as sqlmodel_select

from engine.store import workers
from engine.store.schema import IS_RUNNING, run_table
from engine.store.status import ASKED
from engine.store.tables import Run, Worker


@dataclass(frozen=True)
class Neighbours:
    """Sharers of a run's card."""

    device: str
    slots: int
    """Runs that may train on the card at once, this one included."""
    runs: tuple[int, ...]
    """Other runs that train on it now."""
    is_shared: bool
    """True also where a process of a run that has just ended may hold memory still."""


def neighbours_of(session: Session, run_id: int) -> Neighbours | None:
    """Return the sharers of the card of a run in training; None where its worker has the device for itself."""
    of_run = sqlmodel_select(Worker).join(Run, col(Run.worker_id) == Worker.id).where(Run.id == run_id)
    mine = session.exec(of_run).first()
    if mine is None or mine.id is None or mine.slots == 1:
        return None
    others = [each for each in workers.on_card_of(session, mine.id) if each.id != mine.id]
    trained = select(run_table.c.id).where(
        IS_RUNNING, run_table.c.worker_id.in_([each.id for each in others])
    )
    runs = tuple(session.execute(trained.order_by(run_table.c.id)).scalars())
    # A worker is said to train until its process has gone, which is after the run's end.
    there = {each.id for each in workers.present(session)}
    busy = ("running", *ASKED)
    is_shared = bool(runs) or any(each.state in busy and each.id in there for each in others)
    return Neighbours(mine.device, mine.slots, runs, is_shared)
