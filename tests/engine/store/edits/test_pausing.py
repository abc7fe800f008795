"""Pausing and resuming the queue and its runs."""

import pytest
from stored_runs import add, claimed, get

from engine.queries import waiting
from engine.store import listing, queue
from engine.store.claims import Claim
from engine.store.database import Store
from engine.store.edits import pausing
from engine.store.errors import QueueError


def test_a_paused_queue_gives_no_claim_and_running_runs_go_on(store: Store, worker: int) -> None:
    add(store, 2)
    held = claimed(store, worker)
    assert pausing.pause_queue(store) and not pausing.pause_queue(store)
    assert queue.claim(store, worker) is None
    assert queue.renew(store, held) is None
    with store.read() as session:
        assert waiting.reasons(session) == {2: "queue paused"}
        assert listing.pending(session) == [1, 2]
    queue.end(store, held, "done")
    assert pausing.resume_queue(store) and not pausing.resume_queue(store)
    assert claimed(store, worker) == Claim(2, 1)


def test_resume_queues_paused_runs_and_takes_a_request_back(store: Store, worker: int) -> None:
    add(store, 3)
    held = claimed(store, worker)
    queue.ask(store, [1, 2], "pause")
    assert get(store, 2).status == "paused" and queue.renew(store, held) == "pause"
    with pytest.raises(QueueError, match="run 3 is queued, not paused"):
        pausing.resume(store, [1, 2, 3])
    assert pausing.resume(store, [1, 2]) == {1: "running", 2: "paused"}
    assert queue.renew(store, held) is None and get(store, 2).status == "queued"
    queue.ask(store, [1], "cancel")
    with pytest.raises(QueueError, match="run 1 is running, not paused"):
        pausing.resume(store, [1])
    queue.end(store, held, "failed", cause="code")
    with pytest.raises(QueueError, match="run 1 is failed, not paused: retry queues it again"):
        pausing.resume(store, [1])


def test_a_request_to_cancel_is_never_made_one_to_pause(store: Store, worker: int) -> None:
    add(store, 2)
    held = claimed(store, worker)
    queue.ask(store, [1], "pause")
    queue.ask(store, [1], "cancel")
    with pytest.raises(QueueError, match="run 1 was asked to cancel: take that back first"):
        queue.ask(store, [2, 1], "pause")
    assert queue.renew(store, held) == "cancel" and get(store, 2).status == "queued"
