"""Rows that the attempts of a run write."""

from datetime import UTC, datetime

import pytest
from queued_runs import SPEC, expire_now, get, specs, worker

from engine.store import history, listing, queue
from engine.store.activity import Activity
from engine.store.add import add_runs
from engine.store.claims import Claim, fence
from engine.store.clock import seen_change
from engine.store.database import Store
from engine.store.errors import LeaseLost
from engine.store.measurement_tables import EpochMetrics


def test_old_attempt_may_write_nothing(store: Store) -> None:
    one = worker(store)
    add_runs(store, [SPEC])
    old = queue.claim(store, one)
    assert old is not None
    expire_now(store, 1)
    assert queue.expire_leases(store) == [1]
    new = queue.claim(store, one)
    assert new == Claim(1, 2)
    for write in (
        lambda: queue.renew(store, old),
        lambda: queue.end(store, old, "done"),
        lambda: queue.put_back(store, old),
        lambda: record(store, old, 1),
        lambda: history.record_progress(store, old, step=3, images_per_s=1.0, losses=[]),
        lambda: history.record_doing(store, old, Activity.PACKING, "x"),
        lambda: fence(store, old).__enter__(),
        lambda: history.begin_attempt(store, old, start(-1)),
    ):
        before = get(store, 1)
        with pytest.raises(LeaseLost):
            write()
        assert get(store, 1) == before
    with store.read() as session:
        assert history.epochs_of(session, 1) == []
    queue.end(store, new, "done")
    assert get(store, 1).status == "done"


def start(epoch: int, bucket: int = 0, open_bucket: history.Losses | None = None) -> history.Start:
    return history.Start(
        epoch=epoch,
        bucket=bucket,
        open_bucket=open_bucket,
        best=None,
        steps_per_epoch=10,
        baseline=0.5,
        class_names=["a", "b"],
        environment={"torch": "x"},
    )


def record(store: Store, held: Claim, epoch: int, *, right: int = 5) -> None:
    metrics = EpochMetrics(run_id=held.run_id, epoch=epoch, attempt=held.attempt, test_acc=right / 10)
    best = history.Best(epoch, right / 10, right / 10, None, None)
    judged = history.Judgement("healthy", "", "")
    history.record_epoch(store, held, metrics, [[right, 10 - right], [0, 0]], best=best, judgement=judged)


def loss(bucket: int) -> history.Losses:
    return history.Losses(bucket=bucket, width=4, minimum=0.1, maximum=2.0, mean=1.0, last=0.5)


def test_what_a_run_does_before_its_first_step_is_shown_until_then(store: Store) -> None:
    one = worker(store)
    add_runs(store, [SPEC])
    held = queue.claim(store, one)
    assert held is not None
    history.record_doing(store, held, Activity.PACKING, "3 of 9 images packed")
    assert get(store, 1).doing == "packing: 3 of 9 images packed"
    history.begin_attempt(store, held, start(-1))
    assert get(store, 1).doing == ""
    history.record_doing(store, held, Activity.PREPARING, "going on")
    queue.put_back(store, held)
    assert get(store, 1).doing == ""


def test_resumed_attempt_replaces_what_came_after_its_checkpoint(store: Store) -> None:
    one = worker(store)
    add_runs(store, [SPEC])
    first = queue.claim(store, one)
    assert first is not None
    history.begin_attempt(store, first, start(-1))
    for epoch in range(4):
        record(store, first, epoch)
    history.record_progress(store, first, step=35, images_per_s=9.0, losses=[loss(b) for b in range(9)])
    queue.put_back(store, first)
    second = queue.claim(store, one)
    assert second is not None
    history.begin_attempt(store, second, start(2, bucket=5, open_bucket=loss(5)._replace(last=0.9)))
    with store.read() as session:
        assert [row.epoch for row in history.epochs_of(session, 1)] == [0, 1, 2]
        losses = history.losses_of(session, 1)
    assert losses == [*(loss(bucket) for bucket in range(5)), loss(5)._replace(last=0.9)]
    record(store, second, 3, right=7)
    record(store, second, 3, right=8)
    with store.read() as session:
        assert [row.test_acc for row in history.epochs_of(session, 1, after_epoch=2)] == [0.8]
        assert history.confusion_of(session, 1, 3) == [[8, 2], [0, 0]]
        assert history.confusions_of(session, 1).keys() == {0, 1, 2, 3}
        run = listing.get_run(session, 1)
    assert (run.epoch, run.best, run.best_epoch, run.last_acc, run.verdict) == (3, 0.8, 3, 0.8, "healthy")


def test_every_write_moves_the_change_number(store: Store) -> None:
    add_runs(store, specs(2))
    with store.read() as session:
        seen = seen_change(session)
    held = queue.claim(store, worker(store))
    with store.read() as session:
        changed = listing.list_runs(session, changed_after=seen)
    assert held is not None and [run.id for run in changed] == [held.run_id]


def test_times_are_utc_and_aware(store: Store) -> None:
    add_runs(store, [SPEC])
    created = get(store, 1).created_at
    assert created.tzinfo is UTC and abs((datetime.now(UTC) - created).total_seconds()) < 60
