"""Workers that share a card which is not there: what they see of it, and runs whose memory is known."""

from collections.abc import Mapping
from typing import Any

from engine.hardware.card_memory import memory_place
from engine.spec.grid import make_spec
from engine.store import history, queue, workers
from engine.store.add import add_runs
from engine.store.card_claims import CardLook, Limits, Tried, claim_beside
from engine.store.claims import Claim
from engine.store.database import Store
from engine.store.measurement_tables import EpochMetrics
from engine.store.memory_peaks import Peak

CARD_GB = 80.0
NAME = "H100"
PLACE = memory_place(NAME, 4 << 30)
LIMITS = Limits(most_others_gb=float("inf"), most_others_alone_gb=1.0)
EMPTY = CardLook({}, 0.0)


def enlist(store: Store, *, slots: int = 4, pid: int = 1, device: str = "cuda:0", **more: Any) -> int:
    """A worker that shares a card."""
    return workers.register(
        store,
        pid=pid,
        device=device,
        device_name=NAME,
        device_uuid=f"GPU-{device}",
        memory_gb=CARD_GB,
        memory_place=PLACE,
        slots=slots,
        **more,
    )


def add(store: Store, *, priority: int = 0, **settings: Any) -> int:
    """Another batch size is another kind of run."""
    return add_runs(store, [make_spec({"data": "digits", **settings})], priority=priority).ids[0]


def teach(store: Store, peak_gb: float, place: str = PLACE, **settings: Any) -> int:
    """A run of the kind has been trained and took so much; it goes before all others."""
    [run_id] = add_runs(store, [make_spec({"data": "digits", **settings})], priority=99).ids
    held = queue.claim(store, enlist(store, device="cuda:9", slots=99))
    assert held is not None and held.run_id == run_id
    measure(store, held, peak_gb, place)
    queue.end(store, held, "done")
    return run_id


def measure(store: Store, held: Claim, peak_gb: float, place: str = PLACE, epoch: int = 1) -> None:
    """Write an epoch with the memory that the run has taken so far."""
    row = EpochMetrics(run_id=held.run_id, epoch=epoch, attempt=held.attempt)
    history.record_epoch(
        store, held, row, [[1]], best=None, judgement=None, peak=Peak(peak_gb, place if epoch else "")
    )


def attempt(store: Store, worker: int, others_gb: float = 0.0, held: Mapping[int, float] = {}) -> Tried:  # noqa: B006
    """A try of a worker to claim, beside what others hold of the card and what each worker's processes do."""
    return claim_beside(store, worker, lambda _pids: CardLook(held, others_gb), LIMITS)


def claimed(store: Store, worker: int, others_gb: float = 0.0) -> Claim:
    tried = attempt(store, worker, others_gb)
    assert tried.claim is not None, tried.reason
    return tried.claim
