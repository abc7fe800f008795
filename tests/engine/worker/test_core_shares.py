"""Workers of one host share its cores as far as there are runs for them; the training process is told."""

import json
import os

import pytest
from stored_runs import add, claimed

from engine.hardware.cores import CoreShare, usable_cores
from engine.store import queue, workers
from engine.store.claims import Claim
from engine.store.database import Store
from engine.worker.core_shares import CoreShares
from engine.worker.orders import Order, UnreadableOrder, read_order


def cpu_worker(store: Store) -> int:
    return workers.register(store, pid=os.getpid(), device="cpu", device_name="test")


def shared(store: Store, worker_id: int) -> int:
    return CoreShares(store, worker_id, "cpu").share(1).workers


def test_as_many_share_as_there_are_runs_for(store: Store) -> None:
    first, second, third = (cpu_worker(store) for _ in range(3))
    add(store, 1)
    claimed(store, first)
    assert shared(store, first) == 1, "two workers without a run take no cores"
    add(store, 1)
    assert shared(store, first) == 2, "the next worker will claim the second run"
    claimed(store, second)
    assert (shared(store, first), shared(store, second)) == (2, 2)
    add(store, 9)
    assert shared(store, first) == 3, "no more than there are workers"
    claimed(store, third)
    assert shared(store, third) == 3
    with store.write() as session:
        session.execute(queue.clock_table.update().values(queue_paused=True))
    workers.leave(store, third)
    assert shared(store, first) == 2


def test_a_card_s_worker_leaves_the_cores_alone_and_takes_all_of_them(store: Store) -> None:
    card = workers.register(store, pid=os.getpid(), device="cuda:0", device_name="card", device_uuid="GPU-1")
    cpu = cpu_worker(store)
    add(store, 4)
    claimed(store, card)
    claimed(store, cpu)
    assert CoreShares(store, card, "cuda:0").share(1) == CoreShare(usable_cores(), others=0.0)
    assert shared(store, cpu) == 1


def test_workers_that_share_a_card_share_the_cores(store: Store) -> None:
    assert CoreShares(store, 1, "cuda:0", slots=3).share(1) == CoreShare(usable_cores(), 3, others=0.0)


@pytest.mark.parametrize("others", [None, 0.25])
def test_an_order_is_read_as_it_was_written(others: float | None) -> None:
    order = Order(Claim(7, 2), 1234.5, CoreShare(8, 2, others))
    assert "\n" not in order.line() and read_order(order.line() + "\n") == order


@pytest.mark.parametrize("line", ["cancel\n", "pause", "stop", "\n", ""])
def test_a_request_is_no_order(line: str) -> None:
    assert read_order(line) is None


@pytest.mark.parametrize(
    "line", ["train 7 2", "train", 'train {"held": {"run_id": 7}}', "train [1]", "train {} {}"]
)
def test_an_order_of_another_version_is_said_to_be_one(line: str) -> None:
    with pytest.raises(UnreadableOrder, match="restart it"):
        read_order(line)


def test_an_order_is_json_behind_its_word() -> None:
    word, _, content = Order(Claim(7, 2), 1.0, CoreShare(2)).line().partition(" ")
    assert word == "train" and json.loads(content)["held"] == {"run_id": 7, "attempt": 2}
