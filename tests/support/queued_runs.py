"""Queued runs and a worker in a run table."""

from sqlalchemy import text

from engine.spec.grid import make_spec
from engine.spec.run_spec import RunSpec
from engine.store import listing, workers
from engine.store.database import Store
from engine.store.tables import Run

SPEC = make_spec({"data": "digits"})


def specs(count: int) -> list[RunSpec]:
    return [make_spec({"data": "digits", "seed": seed}) for seed in range(count)]


def worker(store: Store) -> int:
    return workers.register(store, pid=1, device="cpu", device_name="test")


def get(store: Store, run_id: int) -> Run:
    with store.read() as session:
        return listing.get_run(session, run_id)


def expire_now(store: Store, run_id: int) -> None:
    with store.write() as session:
        session.execute(text("UPDATE run SET lease_expires_s = 0 WHERE id = :id"), {"id": run_id})
