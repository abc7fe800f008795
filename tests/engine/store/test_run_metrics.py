"""The numbers that a run's row keeps of its best and its newest epoch."""

from pathlib import Path
from typing import Any

from studies import confusion, measured

from engine.files.paths import Home
from engine.spec.grid import make_spec
from engine.store import history, listing, queue, workers
from engine.store.add import add_runs
from engine.store.claims import Claim
from engine.store.database import Store
from engine.store.edits.retry import retry
from engine.store.tables import Run

LABELS = [6, 3]


def record(
    store: Store, held: Claim, epoch: int, skill: float, best: history.Best | None = None
) -> history.Best:
    """An epoch, which is the best so far unless another is given."""
    matrix = confusion(LABELS, skill)
    row = measured(held, epoch, matrix)
    assert row.test_acc is not None
    best = best or history.Best(epoch, row.test_acc, row.test_acc, row.balanced_acc, row.kappa)
    history.record_epoch(store, held, row, matrix, best=best, judgement=None)
    return best


def start(epoch: int, best: history.Best | None) -> history.Start:
    return history.Start(epoch, 0, best, 1, 0.6, ["a", "b"], {})


def run_of(store: Store) -> Run:
    with store.read() as session:
        return listing.get_run(session, 1)


def accuracy(numbers: dict[str, Any] | None) -> float | None:
    return None if numbers is None else numbers["test_acc"]


def test_they_follow_each_epoch_and_go_back_with_the_checkpoint(store: Store, tmp_path: Path) -> None:
    add_runs(store, [make_spec({"data": "digits"})])
    worker = workers.register(store, pid=1, device="cpu", device_name="test")
    held = queue.claim(store, worker)
    assert held is not None
    history.begin_attempt(store, held, start(-1, None))
    assert run_of(store).best_metrics is None and run_of(store).last_metrics is None
    first = record(store, held, 1, 0.4)
    record(store, held, 2, 0.0, best=first)
    run = run_of(store)
    assert accuracy(run.best_metrics) == first.best and accuracy(run.last_metrics) == 6 / 9
    assert run.best_metrics is not None and "macro_f1" not in run.best_metrics  # undefined
    record(store, held, 3, 1.0)
    assert accuracy(run_of(store).best_metrics) == accuracy(run_of(store).last_metrics) == 1
    queue.put_back(store, held)
    again = queue.claim(store, worker)
    assert again is not None
    history.begin_attempt(store, again, start(2, first))
    run = run_of(store)
    assert accuracy(run.best_metrics) == first.best and accuracy(run.last_metrics) == 6 / 9
    queue.end(store, again, "cancelled")
    retry(store, Home.find(tmp_path), [1], fresh=True)
    assert run_of(store).best_metrics is None and run_of(store).last_metrics is None
