"""The queue kept up to date by what changed says what the queue read as a whole says."""

import os
import random
from collections.abc import Callable

import pytest
from sqlalchemy import text

from engine.queries import waiting
from engine.queries.queue_state import QueueState, read_queue_change
from engine.queries.waiting import told
from engine.spec.grid import make_spec
from engine.store import listing, overview, queue, workers
from engine.store.add import add_runs
from engine.store.claims import Claim
from engine.store.clock import seen_change
from engine.store.database import Store
from engine.store.edits import order, pausing
from engine.store.edits.remove import remove
from engine.store.edits.undo import undo
from engine.store.errors import QueueError
from engine.store.needs import Needs
from tests.support.studies import train

STEPS = 60

pytestmark = pytest.mark.usefixtures("workers_stay")


class Reader:
    """Follows a run table by its changes."""

    def __init__(self) -> None:
        self.state, self.seen, self.statuses = QueueState(), -1, dict[int, str]()

    def facts(self, store: Store) -> waiting.Facts:
        with store.read() as session:
            runs = list(overview.changed_runs(session, self.seen))
            there = listing.run_ids(session)
            self.statuses |= {run.id: run.status for run in runs}
            gone = self.statuses.keys() - there
            self.state.take(runs, gone, read_queue_change(session, self.seen))
            self.statuses = {run_id: status for run_id, status in self.statuses.items() if run_id in there}
            self.seen = seen_change(session)
            if runs:
                self.state.past_changed()
            return self.state.facts(
                session,
                workers.present(session),
                self.statuses.get,  # type: ignore[arg-type]
                is_paused=listing.queue_paused(session),
            )


def whole(store: Store) -> tuple[dict[int, str], dict[int, waiting.Waiting]]:
    with store.read() as session:
        return waiting.reasons(session), waiting.waits(session)


def act(store: Store, dice: random.Random, held: list[Claim], worker: int) -> None:
    """Change the run table as users and workers do."""
    with store.read() as session:
        ids = sorted(listing.run_ids(session))
    one = dice.choice(ids or [1])
    acts: list[Callable[[], object]] = [
        lambda: add_runs(store, [make_spec({"data": "digits", "epochs": 3, "seed": one})], after=[one]),
        lambda: order.move(store, [one], dice.choice(["up", "down", "top", "bottom"])),
        lambda: order.set_priority(store, [one], dice.randrange(3)),
        lambda: order.set_needs(store, [one], Needs(needs_tag=dice.choice(["", "a100"]))),
        lambda: queue.ask(store, [one], dice.choice(["pause", "cancel"])),
        lambda: pausing.resume(store, [one]),
        lambda: dice.choice([pausing.pause_queue, pausing.resume_queue])(store),
        lambda: undo(store),
        lambda: _end(store, dice, held),
        *[lambda: _claim(store, held, worker)] * 2,
    ]
    dice.choice(acts)()


def _claim(store: Store, held: list[Claim], worker: int) -> None:
    claim = queue.claim(store, worker)
    if claim is not None:
        train(store, claim, 1, skill=0.5)
        held.append(claim)


def _end(store: Store, dice: random.Random, held: list[Claim]) -> None:
    if held:
        queue.end(store, held.pop(), dice.choice(["done", "failed"]), cause="code", error="it broke")


@pytest.mark.parametrize("seed", range(3))
def test_it_says_what_the_whole_queue_says(store: Store, monkeypatch: pytest.MonkeyPatch, seed: int) -> None:
    monkeypatch.setattr(waiting, "datetime", _Still)
    dice, held, reader = random.Random(seed), list[Claim](), Reader()
    worker = workers.register(store, pid=os.getpid(), device="cpu", device_name="test processor")
    specs = [make_spec({"data": "digits", "epochs": 3, "seed": number}) for number in range(8)]
    add_runs(store, [*specs, make_spec({"data": "digits", "precision": "fp16"})])
    for _ in range(STEPS):
        try:
            act(store, dice, held, worker)
        except QueueError:
            continue
        facts, (reasons, waits) = reader.facts(store), whole(store)
        assert {run_id: facts.queue.of(run_id) for run_id in facts.queue.order} == reasons
        assert list(facts.queue.order) == list(reasons)
        assert told(facts) == waits


def test_a_run_that_was_removed_is_forgotten(store: Store, tmp_path) -> None:  # type: ignore[no-untyped-def]
    from engine.files.paths import Home

    reader = Reader()
    add_runs(store, [make_spec({"data": "digits", "seed": number}) for number in range(3)])
    reader.facts(store)
    remove(store, Home.find(tmp_path), [2])
    assert list(reader.facts(store).queue.order) == [1, 3]


def test_only_runs_that_changed_are_read(store: Store) -> None:
    """Fifty thousand queued runs are not read again where one is claimed."""
    reader = Reader()
    workers.register(store, pid=os.getpid(), device="cpu", device_name="test processor")
    add_runs(store, [make_spec({"data": "digits", "seed": number}) for number in range(3)])
    reader.facts(store)
    with store.write() as session:  # unseen, for the change number stays
        session.execute(text("UPDATE run SET priority = 5 WHERE id = 3"))
    assert list(reader.facts(store).queue.order) == [1, 2, 3]


class _Still:
    """A clock that stands still, so that times are the same at each reading."""

    @staticmethod
    def now(zone):  # type: ignore[no-untyped-def]
        from datetime import datetime

        return datetime(2026, 1, 2, 12, 0, tzinfo=zone)
