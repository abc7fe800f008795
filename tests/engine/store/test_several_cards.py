"""Runs that need several cards, and workers that have them."""

import os

import pytest

from engine.queries import waiting
from engine.spec.grid import make_spec
from engine.store import listing, queue, workers
from engine.store.add import add_runs
from engine.store.database import Store


@pytest.fixture(autouse=True)
def all_live(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workers, "_known_dead", lambda _row: False)


def worker(store: Store, device: str, uuid: str | None = None) -> int:
    return workers.register(store, pid=os.getpid(), device=device, device_name="test", device_uuid=uuid)


def add(store: Store, gpus: int, **settings: object) -> int:
    return add_runs(store, [make_spec({"data": "digits", "gpus": gpus} | settings)]).ids[0]


@pytest.mark.parametrize(
    ("device", "taken"),
    [("cuda:0", [1]), ("cuda:0,cuda:1", [2, 1]), ("cuda:0,cuda:1,cuda:2", [3, 2, 1]), ("cpu", [3, 2, 1])],
)
def test_a_worker_claims_what_its_cards_are_enough_for(store: Store, device: str, taken: list[int]) -> None:
    """On the CPU processes stand for cards."""
    for gpus, priority in ((1, 0), (2, 1), (3, 2)):
        add_runs(store, [make_spec({"data": "digits", "gpus": gpus})], priority=priority)
    claimer = worker(store, device)
    with store.read() as session:
        assert queue.count_claimable(session, claimer, 9) == len(taken)
        assert set(listing.pending(session)) == set(taken)
    claimed = []
    while held := queue.claim(store, claimer):
        claimed.append(held.run_id)
        queue.end(store, held, "done")
    assert claimed == taken


def test_a_run_that_lacks_cards_says_so(store: Store) -> None:
    three, half_precision, one = add(store, 3), add(store, 2, precision="fp16"), add(store, 1)
    worker(store, "cpu")
    with store.read() as session:
        assert waiting.reasons(session) == {
            three: "next",
            half_precision: "no worker with 2 cards",
            one: "1 ahead",
        }
    with store.write() as session:
        session.connection().exec_driver_sql("UPDATE worker SET state = 'gone'")
    worker(store, "cuda:0,cuda:1")
    with store.read() as session:
        assert waiting.reasons(session) == {
            three: "no worker with 3 cards",
            half_precision: "next",
            one: "1 ahead",
        }
        assert listing.lacking(session, workers.present(session)) == {three: "3 cards"}


def test_a_card_has_one_worker_whatever_else_that_one_has(store: Store) -> None:
    worker(store, "cuda:0,cuda:1", "a,b")
    worker(store, "cuda:2", "c")
    assert workers.taken_cards(store) == ["a", "b", "c"]
    for device, uuid in (("cuda:1", "b"), ("cuda:1,cuda:3", "b,d"), ("cuda:0", "c")):
        with pytest.raises(workers.DeviceTaken):
            worker(store, device, uuid)
    worker(store, "cuda:1", "e")
