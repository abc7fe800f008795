"""Runs that wait: for others to end, or for a worker with a card."""

from collections.abc import ItemsView

from stored_runs import SPEC, add, claimed, ended, get

from engine.files.paths import Home
from engine.queries import waiting
from engine.store import listing, obstacles, queue, workers
from engine.store.add import add_runs
from engine.store.claims import Claim
from engine.store.database import Store
from engine.store.edits import order
from engine.store.edits.retry import retry
from engine.store.status import Status


def test_any_is_met_by_every_ending(store: Store, worker: int, home: Home) -> None:
    add(store, 2)
    add_runs(store, [SPEC], after_any=[1])
    add_runs(store, [SPEC], after=[1])
    add_runs(store, [SPEC], after_any=[3])
    order.move(store, [2], "bottom")
    held = claimed(store, worker)
    queue.put_back(store, held)
    assert get(store, 3).blocked == 1
    ended(store, worker, "failed", "disk")
    assert [get(store, run_id).blocked for run_id in (3, 4, 5)] == [0, 1, 1]
    with store.read() as session:
        assert waiting.reasons(session)[4] == "waits for #1, which failed"
        assert obstacles.stuck(listing.unmet(session)) == {4: (1, "failed")}
    queue.ask(store, [3], "cancel")
    assert get(store, 5).blocked == 0
    retry(store, home, [1, 3])
    assert [get(store, run_id).blocked for run_id in (3, 4, 5)] == [1, 1, 1]


def test_an_attempt_that_fails_for_good_in_the_queue_frees_those_that_wait_for_any_end(
    store: Store, worker: int
) -> None:
    add_runs(store, [SPEC], max_attempts=1)
    add_runs(store, [SPEC], after_any=[1])
    queue.put_back(store, claimed(store, worker), bad_end=("signal", "killed"))
    assert get(store, 1).status == "failed" and claimed(store, worker).run_id == 2


def test_a_run_that_needs_a_card_is_left_to_a_worker_with_one(store: Store, worker: int) -> None:
    add(store, 1, precision="fp16")
    add_runs(store, [SPEC], after=[1])
    assert queue.claim(store, worker) is None
    card = workers.register(store, pid=2, device="cuda:0", device_name="test card")
    assert claimed(store, card) == Claim(1, 1)


def test_of_a_long_chain_each_run_is_looked_at_once_in_whatever_order() -> None:
    looks = [0]

    class Targets(dict[int, Status]):
        def items(self) -> ItemsView[int, Status]:
            looks[0] += 1
            return super().items()

    last = 2_000
    chain = {
        run_id: Targets({run_id + 1: "failed" if run_id == last else "queued"})
        for run_id in range(1, last + 1)
    }
    for waits in (dict(chain), dict(reversed(chain.items()))):
        looks[0] = 0
        assert obstacles.stuck(waits) == dict.fromkeys(chain, (last + 1, "failed"))
        assert looks == [last]
