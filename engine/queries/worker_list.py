"""Workers with the runs that they hold, for lists."""

from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session

from engine.store import listing, workers
from engine.store.tables import Worker

LOST = "lost"
"""State of a worker whose lease on its run has not expired yet but that gives no sign of life."""


@dataclass(frozen=True)
class ListedWorker:
    """Worker, with the run that it trains."""

    id: int
    host: str
    host_id: str
    """As `processes.host_id` gives it; empty for workers of earlier versions."""
    user: str
    """Owner; empty where the run table is a file, or for workers of earlier versions."""
    device: str
    device_name: str
    pid: int
    pid_started: str
    state: str
    """running, idle, `waits` and why, stopping, draining or lost."""
    since: datetime
    """Start of the worker."""
    run_id: int | None


def list_workers(session: Session) -> list[ListedWorker]:
    """Return the present workers and those that are lost but still hold a run, by id."""
    running = listing.list_runs(session, status=["running"])
    run_of = {run.worker_id: run.id for run in running if run.worker_id is not None}
    there = {worker.id or 0: worker for worker in workers.present(session)}
    lost = (session.get(Worker, worker_id) for worker_id in run_of.keys() - there.keys())
    found = [_listed(worker, worker.state, run_of) for worker in there.values()]
    found += [_listed(worker, LOST, run_of) for worker in lost if worker is not None]
    return sorted(found, key=lambda each: each.id)


def _listed(worker: Worker, state: str, run_of: dict[int, int | None]) -> ListedWorker:
    return ListedWorker(
        id=worker.id or 0,
        host=worker.host,
        host_id=worker.host_id,
        user=worker.user_name,
        device=worker.device,
        device_name=worker.device_name,
        pid=worker.pid,
        pid_started=worker.pid_started,
        state=state,
        since=worker.started_at,
        run_id=run_of.get(worker.id or 0),
    )
