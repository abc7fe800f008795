"""Workers in processes of their own that claim for one card at the same moment."""

import multiprocessing
from typing import Any

from shared_cards import LIMITS, add, enlist, teach
from waiting import LIMIT_S

from engine.store import queue
from engine.store.card_claims import CardLook, claim_beside
from engine.store.database import open_store

ROUNDS, WORKERS, FIT = 12, 4, 2


def _claim_in_rounds(url: str, worker: int, at_once: Any, found: Any) -> None:
    """Claim, when all have looked at the card, and end the run when all have tried."""
    store = open_store(url)

    def look(_pids: object) -> CardLook:
        at_once.wait(LIMIT_S)
        return CardLook({}, 0.0)

    for number in range(ROUNDS):
        tried = claim_beside(store, worker, look, LIMITS)
        found.put((number, tried.claim is not None, tried.reason or ""))
        at_once.wait(LIMIT_S)
        if tried.claim is not None:
            queue.end(store, tried.claim, "done")
        at_once.wait(LIMIT_S)
    store.close()


def test_the_same_memory_is_not_given_to_two_processes(db_url: str) -> None:
    store = open_store(db_url)
    teach(store, 30.0)  # so that two of them fit
    for seed in range(ROUNDS * WORKERS):
        add(store, seed=seed)
    ids = [enlist(store) for _ in range(WORKERS)]
    store.close()  # SQLite forbids to fork beside an open file
    context = multiprocessing.get_context("fork")
    at_once, found = context.Barrier(WORKERS), context.Queue()
    processes = [
        context.Process(target=_claim_in_rounds, args=(db_url, each, at_once, found)) for each in ids
    ]
    for process in processes:
        process.start()
    told = [found.get(timeout=LIMIT_S) for _ in range(ROUNDS * WORKERS)]
    for process in processes:
        process.join(LIMIT_S)
    assert [process.exitcode for process in processes] == [0] * WORKERS
    for number in range(ROUNDS):
        claimed = [has for which, has, _ in told if which == number]
        assert sum(claimed) == FIT, f"round {number}"
    assert all("waits for 33.6 GiB of cuda:0" in reason for _, has, reason in told if not has)
