"""Slots of a processor: several workers on it, and the rule by which one waits where fewer runs at once pay."""

import time

from sqlalchemy import select
from sqlmodel import Session

from engine.analysis.forecast import QueuedRun
from engine.analysis.slots import best_count
from engine.hardware.cores import usable_cores
from engine.hardware.telemetry import CpuTelemetry
from engine.queries.throughput import past_runs, run_column
from engine.store import queue
from engine.store.database import Store
from engine.store.schema import run_table
from engine.worker.core_shares import cpu_workers_here

AUTO = "auto"
TRAINING_GB = 2.0
"""Memory that a training on the CPU may take, GiB: ResNet-50, batch 64, small images."""
ASK_EVERY_S = 2.0


def slot_count(wanted: str) -> int:
    """Return the workers to start: as many as told, or one a core as far as the free memory goes."""
    if wanted != AUTO:
        return int(wanted)
    memory = CpuTelemetry().read()
    free_gb = memory["memory_total_gb"] - memory["memory_gb"]
    return max(1, min(usable_cores(), int(free_gb / TRAINING_GB)))


class SlotRule:
    """Rule of a worker that is one of several on the processor."""

    def __init__(self, store: Store, worker_id: int, device_kind: str) -> None:
        self._store, self._worker_id, self._device_kind = store, worker_id, device_kind
        self._next_ask_s = 0.0
        self._reason: str | None = None

    def reason(self) -> str | None:
        """Say why this worker claims no run now; None where it may. Raises StoreError."""
        if time.monotonic() >= self._next_ask_s:
            self._next_ask_s = time.monotonic() + ASK_EVERY_S
            with self._store.read() as session:
                self._reason = self._ask(session)
        return self._reason

    def _ask(self, session: Session) -> str | None:
        here = cpu_workers_here(session)
        trained = queue.count_trained_by(session, here)
        first = queue.first_claimable(session, self._worker_id) if trained else None
        if first is None:
            return None
        columns = select(*map(run_column, QueuedRun._fields)).where(run_table.c.id == first)
        kind = QueuedRun(*session.execute(columns).one()).kind
        most = min(len(here), usable_cores())
        best = best_count(kind, self._device_kind, most, past_runs(session))
        if trained < best:
            return None
        return f"waits: {best} of {kind[0]} at {kind[1]} px at a time made more images/s together than {most}"
