"""The state machine of the run table, its fencing and its histories."""

import multiprocessing
import sqlite3
from typing import Any

import pytest
from postgres import on_sqlite
from queued_runs import SPEC, expire_now, get, specs, worker
from waiting import LIMIT_S

from engine.spec.grid import expand_grid, make_spec
from engine.store import history, listing, obstacles, queue, workers
from engine.store.add import add_runs
from engine.store.claims import Claim, fence
from engine.store.database import Store, open_store
from engine.store.errors import QueueError, TransitionError
from engine.store.status import STATUSES, Request, check_transition, may_follow


def test_add_gives_ids_in_order_and_names_repeats(store: Store) -> None:
    first = add_runs(store, expand_grid({"data": "digits", "lr": ["0.1", "0.01"]}), sweep="s")
    again = add_runs(store, [make_spec({"data": "digits", "lr": "1e-1"})])
    assert first.ids == (1, 2) and first.repeats == {}
    assert again.ids == (3,) and again.repeats == {3: 1}
    with store.read() as session:
        assert [run.id for run in listing.list_runs(session, sweep="s")] == [1, 2]


def test_add_is_all_or_none(store: Store) -> None:
    other_arch = make_spec({"data": "digits", "arch": "resnet50", "pretrained": "run:1"})
    add_runs(store, [SPEC])
    with pytest.raises(QueueError, match="run 1 is a resnet18"):
        add_runs(store, [SPEC, other_arch])
    with pytest.raises(QueueError, match="no run 7"):
        add_runs(store, [SPEC], after=[7])
    with store.read() as session:
        assert listing.run_ids(session) == {1}


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
        assert obstacles.stuck(listing.unmet(session)) == {2: (1, "failed")}
        assert listing.pending(session) == []


def test_runs_are_listed_by_more_ids_than_a_statement_takes(store: Store) -> None:
    add_runs(store, specs(3))
    with store.read() as session:
        assert [run.id for run in listing.list_runs(session, ids=range(260_000, 0, -1))] == [1, 2, 3]


@on_sqlite
def test_inside_the_fence_nobody_can_claim(store: Store) -> None:
    add_runs(store, [SPEC])
    held = queue.claim(store, worker(store))
    assert held is not None
    hasty = sqlite3.connect(str(store.engine.url.database), timeout=0, isolation_level=None)
    with fence(store, held), pytest.raises(sqlite3.OperationalError, match="locked"):
        hasty.execute("BEGIN IMMEDIATE")
    hasty.execute("BEGIN IMMEDIATE")
    hasty.close()


def test_leases_that_still_run_are_left_alone(store: Store) -> None:
    add_runs(store, [SPEC])
    held = queue.claim(store, worker(store))
    assert held is not None and queue.renew(store, held) is None
    assert queue.expire_leases(store) == []


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


def test_a_run_that_pauses_and_was_asked_to_cancel_meanwhile_is_cancelled(store: Store) -> None:
    add_runs(store, [SPEC])
    held = queue.claim(store, worker(store))
    assert held is not None
    queue.ask(store, [1], "pause")
    queue.ask(store, [1], "cancel")
    assert queue.end(store, held, "paused") == "cancelled"
    assert get(store, 1).status == "cancelled" and get(store, 1).ended_at is not None


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


def test_a_run_that_is_done_has_no_failures_in_a_row(store: Store) -> None:
    """Killed after its last checkpoint, it writes no further one."""
    one = worker(store)
    add_runs(store, [SPEC])
    held = queue.claim(store, one)
    assert held is not None
    queue.put_back(store, held, bad_end=("signal", "killed by SIGKILL"))
    held = queue.claim(store, one)
    assert held is not None and get(store, 1).failures == 1
    queue.end(store, held, "done")
    assert get(store, 1).failures == 0


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


def test_dead_workers_lose_their_runs_at_once(store: Store) -> None:
    process = multiprocessing.get_context("fork").Process(target=int)
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


def test_no_run_is_claimed_twice_by_processes_at_once(db_url: str) -> None:
    opened = open_store(db_url)
    add_runs(opened, specs(120))
    opened.close()  # SQLite forbids to fork beside an open file
    context = multiprocessing.get_context("fork")
    found = context.Queue()
    processes = [context.Process(target=_claim_all, args=(db_url, found)) for _ in range(3)]
    for process in processes:
        process.start()
    claimed = [run_id for _ in processes for run_id in found.get(timeout=LIMIT_S)]
    for process in processes:
        process.join()
    assert sorted(claimed) == list(range(1, 121))


@pytest.mark.parametrize("run_id", [99, 2**40, 2**63, 10**25, -(10**25)])
def test_a_number_that_no_database_can_hold_is_that_of_no_run(store: Store, run_id: int) -> None:
    add_runs(store, [SPEC])
    with store.read() as session:
        assert listing.find_run(session, run_id) is None
        with pytest.raises(QueueError, match=f"there is no run {run_id}:"):
            listing.get_run(session, run_id)
        assert listing.statuses_there(session, [run_id, 1]) == {1: "queued"}
        with pytest.raises(QueueError, match=f"there is no run {run_id}:"):
            listing.statuses(session, [1, run_id])
