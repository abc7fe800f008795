"""Runs in a run table, for the tests of the verbs that edit the queue."""

from studies import train

from engine.spec.grid import make_spec
from engine.store import listing, queue
from engine.store.add import add_runs
from engine.store.claims import Claim
from engine.store.database import Store
from engine.store.status import Cause, Status
from engine.store.tables import Run

SPEC = make_spec({"data": "digits"})


def get(store: Store, run_id: int) -> Run:
    with store.read() as session:
        return listing.get_run(session, run_id)


def rows(store: Store) -> list[dict[str, object]]:
    """Everything about every run but its change number."""
    with store.read() as session:
        return [run.model_dump(exclude={"changed"}) for run in listing.list_runs(session)]


def in_order(store: Store) -> list[int]:
    with store.read() as session:
        return listing.queue_order(session)


def add(store: Store, count: int = 1, **values: object) -> None:
    add_runs(store, [make_spec({"data": "digits", "seed": seed, **values}) for seed in range(count)])


def claimed(store: Store, worker: int) -> Claim:
    held = queue.claim(store, worker)
    assert held is not None
    return held


def ended(
    store: Store, worker: int, status: Status = "done", cause: Cause | None = None, *, epochs: int = 2
) -> int:
    """Train the first queued run for some epochs and end it."""
    held = claimed(store, worker)
    train(store, held, epochs, skill=0.5)
    queue.end(store, held, status, cause=cause, error="why" if cause else None)
    return held.run_id
