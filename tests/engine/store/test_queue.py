"""The state machine of the run table, its fencing and its histories."""

import multiprocessing
import sqlite3
from datetime import UTC, datetime
from typing import Any

import pytest
from postgres import on_both
from sqlalchemy import text
from waiting import LIMIT_S

from engine.spec.grid import expand_grid, make_spec
from engine.spec.run_spec import RunSpec
from engine.store import history, listing, queue, workers
from engine.store.activity import Activity
from engine.store.add import add_runs
from engine.store.claims import Claim, fence
from engine.store.database import Store, open_store
from engine.store.errors import LeaseLost, QueueError, TransitionError
from engine.store.status import STATUSES, Request, check_transition, may_follow
from engine.store.tables import EpochMetrics, Run

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


@on_both
def test_add_gives_ids_in_order_and_names_repeats(store: Store) -> None:
    first = add_runs(store, expand_grid({"data": "digits", "lr": ["0.1", "0.01"]}), sweep="s")
    again = add_runs(store, [make_spec({"data": "digits", "lr": "1e-1"})])
    assert first.ids == (1, 2) and first.repeats == {}
    assert again.ids == (3,) and again.repeats == {3: 1}
    with store.read() as session:
        assert [run.id for run in listing.list_runs(session, sweep="s")] == [1, 2]


@on_both
def test_add_is_all_or_none(store: Store) -> None:
    other_arch = make_spec({"data": "digits", "arch": "resnet50", "pretrained": "run:1"})
    add_runs(store, [SPEC])
    with pytest.raises(QueueError, match="run 1 is a resnet18"):
        add_runs(store, [SPEC, other_arch])
    with pytest.raises(QueueError, match="no run 7"):
        add_runs(store, [SPEC], after=[7])
    with store.read() as session:
        assert listing.run_ids(session) == {1}


@on_both
def test_claims_follow_priority_then_position_and_skip_blocked(store: Store) -> None:
    one = worker(store)
    add_runs(store, specs(2))
    add_runs(store, [make_spec({"data": "digits", "pretrained": "run:1"})], priority=9)
    add_runs(store, specs(1), priority=5)
    order = []
    while held := queue.claim(store, one):
        order.append(held.run_id)
        queue.end(store, held, "done")
    assert order == [4, 1, 3, 2]


@on_both
def test_run_waits_until_its_source_is_done_and_is_stuck_when_it_fails(store: Store) -> None:
    one = worker(store)
    add_runs(store, [SPEC])
    add_runs(store, [make_spec({"data": "digits", "pretrained": "run:1"})])
    held = queue.claim(store, one)
    assert held == Claim(1, 1) and queue.claim(store, one) is None
    with store.read() as session:
        assert listing.pending(session) == [1, 2]
    queue.end(store, held, "failed", cause="code", error="boom")
    with store.read() as session:
        assert listing.unmet(session) == {2: {1: "failed"}}
        assert listing.stuck(listing.unmet(session)) == {2: (1, "failed")}
        assert listing.pending(session) == []


@on_both
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


def test_inside_the_fence_nobody_can_claim(store: Store) -> None:
    add_runs(store, [SPEC])
    held = queue.claim(store, worker(store))
    assert held is not None
    hasty = sqlite3.connect(str(store.engine.url.database), timeout=0, isolation_level=None)
    with fence(store, held), pytest.raises(sqlite3.OperationalError, match="locked"):
        hasty.execute("BEGIN IMMEDIATE")
    hasty.execute("BEGIN IMMEDIATE")
    hasty.close()


@on_both
def test_leases_that_still_run_are_left_alone(store: Store) -> None:
    add_runs(store, [SPEC])
    held = queue.claim(store, worker(store))
    assert held is not None and queue.renew(store, held) is None
    assert queue.expire_leases(store) == []


@on_both
def test_a_lease_that_is_renewed_while_lost_ones_are_looked_for_stays(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_runs(store, [SPEC])
    held = queue.claim(store, worker(store))
    assert held is not None
    expire_now(store, 1)
    put_back = queue.put_back

    def late(*arguments: Any, **named: Any) -> None:
        queue.renew(store, held)
        put_back(*arguments, **named)

    monkeypatch.setattr(queue, "put_back", late)
    assert queue.expire_leases(store) == []
    assert (get(store, 1).status, get(store, 1).failures) == ("running", 0)


@on_both
def test_a_run_that_pauses_and_was_asked_to_cancel_meanwhile_is_cancelled(store: Store) -> None:
    add_runs(store, [SPEC])
    held = queue.claim(store, worker(store))
    assert held is not None
    queue.ask(store, [1], "pause")
    queue.ask(store, [1], "cancel")
    assert queue.end(store, held, "paused") == "cancelled"
    assert get(store, 1).status == "cancelled" and get(store, 1).ended_at is not None


@on_both
def test_bad_endings_in_a_row_fail_the_run_and_a_checkpoint_starts_the_count_again(store: Store) -> None:
    one = worker(store)
    add_runs(store, [SPEC], max_attempts=2)

    def killed() -> str:
        held = queue.claim(store, one)
        assert held is not None
        queue.put_back(store, held, bad_end=("signal", "killed by SIGKILL"))
        return get(store, 1).status

    assert killed() == "queued"
    held = queue.claim(store, one)
    assert held is not None
    history.record_checkpoint(store, held)
    queue.put_back(store, held, bad_end=("signal", "killed by SIGKILL"))
    assert get(store, 1).failures == 1
    assert killed() == "failed"
    ended = get(store, 1)
    assert (ended.cause, ended.error, ended.lease_expires_s) == ("signal", "killed by SIGKILL", None)


@on_both
def test_cancel_takes_waiting_runs_at_once_and_asks_running_ones(store: Store) -> None:
    add_runs(store, specs(2))
    held = queue.claim(store, worker(store))
    assert held is not None
    assert queue.ask(store, [1, 2], "cancel") == {1: "running", 2: "queued"}
    assert get(store, 2).status == "cancelled" and get(store, 1).status == "running"
    assert queue.renew(store, held) == "cancel"
    queue.end(store, held, "cancelled")
    with pytest.raises(QueueError, match="run 1 is cancelled"):
        queue.ask(store, [1], "cancel")
    with pytest.raises(QueueError, match="no run 9"):
        queue.ask(store, [9], "cancel")


@on_both
@pytest.mark.parametrize(("request_", "ends"), [("cancel", "cancelled"), ("pause", "paused")])
def test_what_was_asked_of_a_run_is_done_where_its_process_can_no_longer_obey(
    store: Store, request_: Request, ends: str
) -> None:
    add_runs(store, [SPEC])
    held = queue.claim(store, worker(store))
    assert held is not None
    queue.ask(store, [1], request_)
    queue.put_back(store, held, bad_end=("signal", "killed"))
    run = get(store, 1)
    assert (run.status, run.request, run.lease_expires_s) == (ends, None, None)


@on_both
def test_a_status_that_may_not_follow_is_never_written(store: Store) -> None:
    add_runs(store, [SPEC])
    held = queue.claim(store, worker(store))
    assert held is not None
    with pytest.raises(TransitionError, match="run 1 is running: it cannot become running"):
        queue.end(store, held, "running")


def test_transition_table() -> None:
    check_transition(1, "queued", "running")
    with pytest.raises(TransitionError, match="run 3 is queued: it cannot become done"):
        check_transition(3, "queued", "done")
    assert all(may_follow(status) for status in STATUSES)


def start(epoch: int, bucket: int = 0) -> history.Start:
    return history.Start(
        epoch=epoch,
        bucket=bucket,
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


@on_both
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


@on_both
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
    history.begin_attempt(store, second, start(2, bucket=5))
    with store.read() as session:
        assert [row.epoch for row in history.epochs_of(session, 1)] == [0, 1, 2]
        assert [point.bucket for point in history.losses_of(session, 1)] == [0, 1, 2, 3, 4]
    record(store, second, 3, right=7)
    record(store, second, 3, right=8)
    with store.read() as session:
        assert [row.test_acc for row in history.epochs_of(session, 1, after_epoch=2)] == [0.8]
        assert history.confusion_of(session, 1, 3) == [[8, 2], [0, 0]]
        assert history.confusions_of(session, 1).keys() == {0, 1, 2, 3}
        run = listing.get_run(session, 1)
    assert (run.epoch, run.best, run.best_epoch, run.last_acc, run.verdict) == (3, 0.8, 3, 0.8, "healthy")


@on_both
def test_every_write_moves_the_change_number(store: Store) -> None:
    add_runs(store, specs(2))
    with store.read() as session:
        seen = listing.latest_change(session)
    held = queue.claim(store, worker(store))
    with store.read() as session:
        changed = listing.list_runs(session, changed_after=seen)
    assert held is not None and [run.id for run in changed] == [held.run_id]


@on_both
def test_times_are_utc_and_aware(store: Store) -> None:
    add_runs(store, [SPEC])
    created = get(store, 1).created_at
    assert created.tzinfo is UTC and abs((datetime.now(UTC) - created).total_seconds()) < 60


@on_both
def test_dead_workers_lose_their_runs_at_once(store: Store) -> None:
    process = multiprocessing.get_context("spawn").Process(target=print)
    process.start()
    assert process.pid is not None
    one = workers.register(store, pid=process.pid, device="cpu", device_name="test")
    process.join()
    add_runs(store, [SPEC])
    queue.claim(store, one)
    with store.read() as session:
        assert workers.present(session) == []
    assert workers.dead_here(store) == [one]
    assert queue.expire_leases(store, dead_workers=[one]) == [1]
    assert get(store, 1).status == "queued"


def _claim_all(url: str, found: "multiprocessing.Queue[list[int]]") -> None:
    opened = open_store(url)
    mine, one = [], worker(opened)
    while held := queue.claim(opened, one):
        mine.append(held.run_id)
    found.put(mine)


@on_both
def test_no_run_is_claimed_twice_by_processes_at_once(db_url: str, store: Store) -> None:
    add_runs(store, specs(120))
    context = multiprocessing.get_context("spawn")
    found = context.Queue()
    processes = [context.Process(target=_claim_all, args=(db_url, found)) for _ in range(3)]
    for process in processes:
        process.start()
    claimed = [run_id for _ in processes for run_id in found.get(timeout=LIMIT_S)]
    for process in processes:
        process.join()
    assert sorted(claimed) == list(range(1, 121))
