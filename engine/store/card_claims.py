"""Claims of workers that share a card: a run is claimed where `card_memory.refusal` finds room for it.

The look at the card comes first, because the driver takes milliseconds; the decision is made in the transaction of the
claim (`held_claim`)."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, select
from sqlmodel import Session

from engine.hardware.card_memory import CardRun, SharedCard, refusal
from engine.store import queue, workers
from engine.store.database import Store
from engine.store.held_claim import Tried, claim_unless
from engine.store.memory_peaks import kind_peaks
from engine.store.schema import IS_RUNNING, run_table
from engine.store.tables import Worker


@dataclass(frozen=True)
class CardLook:
    """Memory in use on a card, as a worker saw it right before a claim; GiB."""

    by_worker: Mapping[int, float]
    """Memory of the processes of each worker on the card."""
    elsewhere_gb: float
    """Memory of everything else."""


@dataclass(frozen=True)
class Limits:
    """Memory of others beside which a worker lets runs begin, as `SharedCard` has it; GiB."""

    most_others_gb: float
    most_others_alone_gb: float


Look = Callable[[Mapping[int, int]], CardLook]
"""Function that looks at a card; it takes the worker of each process that supervises a run there, by pid."""


def claim_beside(store: Store, worker_id: int, look: Look, limits: Limits) -> Tried:
    """Claim the first run that the worker could ever take, if its card has room for it now.

    A run that waits for memory holds back all that follow it in the queue, however small they are."""
    with store.read() as session:
        if not queue.has_claimable(session, worker_id):
            return Tried()
        there = workers.on_card_of(session, worker_id)
    seen = look({worker.pid: worker.id or 0 for worker in there})
    return claim_unless(
        store, worker_id, lambda session, run_id: refused(session, worker_id, run_id, seen, limits)
    )


def refused(session: Session, worker_id: int, run_id: int, seen: CardLook, limits: Limits) -> str | None:
    """Return why a run has to wait for the worker's card; None where it has not."""
    mine = session.get(Worker, worker_id)
    if mine is None:
        return None
    there = workers.on_card_of(session, worker_id)
    running = _rows(session, run_table.c.worker_id.in_([worker.id for worker in there]) & IS_RUNNING)
    [wanted] = _rows(session, run_table.c.id == run_id)
    known = kind_peaks(session, mine.memory_place, [row.memory_key for row in (wanted, *running)])
    holders = [
        _card_run(row, mine.memory_place, known, seen.by_worker.get(row.worker_id, 0.0)) for row in running
    ]
    busy = {row.worker_id for row in running}
    # What a worker without a run still holds is of a process that is ending.
    ending_gb = sum(held_gb for worker, held_gb in seen.by_worker.items() if worker not in busy)
    card = SharedCard(
        mine.device,
        mine.memory_gb or 0.0,
        seen.elsewhere_gb + ending_gb,
        limits.most_others_gb,
        limits.most_others_alone_gb,
    )
    return refusal(card, holders, _card_run(wanted, mine.memory_place, known))


def _rows(session: Session, which: Any) -> Sequence[Row[Any]]:
    run = run_table.c
    columns = run.id, run.worker_id, run.memory_key, run.memory_place, run.peak_memory_gb, run.trains_alone
    return session.execute(select(*columns).where(which)).all()


def _card_run(row: Row[Any], place: str, known: Mapping[str, float], held_gb: float = 0.0) -> CardRun:
    own = row.peak_memory_gb if row.memory_place == place else None
    return CardRun(row.id, own, known.get(row.memory_key), row.trains_alone, held_gb)
