"""Runs that are added, and workers that train them, beside a model of the queue: the base of its state machine."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule
from queue_model import Model, Refused, Stale
from sqlalchemy import text

from engine.files.paths import Home
from engine.spec.grid import make_spec
from engine.store import history, queue, workers
from engine.store.add import Batch, add_batches
from engine.store.claims import Claim
from engine.store.database import Store
from engine.store.errors import LeaseLost, QueueError
from engine.store.measurement_tables import EpochMetrics
from engine.store.status import Cause

UNFINISHED = ("queued", "running", "paused")
DEVICES = ("cpu", "cpu", "cuda:0")

FITTING = 6
"""Numbers below it choose of the runs, or claims, that fit a verb; others of all that ever were."""
some = st.lists(st.integers(0, FITTING + 1), min_size=1, max_size=2)
one = st.integers(0, FITTING)


class Shared:
    """One database for all sequences: emptying it is quicker than migrating another."""

    store: Store
    home: Home
    empty: Callable[[], object]


class WorkerMachine(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.store, self.home = Shared.store, Shared.home
        Shared.empty()
        self.model = Model()
        self.claims: list[Claim] = []
        self.workers: list[int] = []

    @initialize()
    def enlist(self) -> None:
        for number, device in enumerate(DEVICES):
            made = workers.register(self.store, pid=number + 1, device=device, device_name=device)
            self.workers.append(made)
        self.add(count=2, priority=0, after=[], kind="ok", attempts=1, card=False)
        for priority, kind in enumerate(("ok", "any", "source")):
            first = self.model.next_id - 2
            self.add(count=1, priority=priority, after=[first], kind=kind, attempts=1, card=False)

    def pick(self, numbers: list[int], *fitting: str) -> list[int]:
        """Runs of these statuses, newest first; some of any, a removed one or one that never was among them."""
        fit = [run.id for run in reversed(self.model.runs.values()) if run.status in fitting]
        newest = self.model.next_id - 1
        picked = [
            fit[number % len(fit)] if fit and number < FITTING else max(newest - number, 0) or 9999
            for number in numbers
        ]
        return list(dict.fromkeys(picked))

    def both(self, real: Callable[[], Any], model: Callable[[], Any]) -> Any:
        """Do it to both; what the model refuses the store must refuse. Gives what the store gave."""
        try:
            model()
        except Refused:
            with pytest.raises(QueueError):
                real()
        except Stale:
            with pytest.raises(LeaseLost):
                real()
        else:
            return real()

    # Runs come

    @rule(
        count=st.integers(1, 3), priority=st.integers(-1, 1), after=st.lists(st.integers(0, 5), max_size=2),
        kind=st.sampled_from(["ok", "any", "source"]), attempts=st.integers(1, 2), card=st.booleans(),
    )  # fmt: skip
    def add(self, count: int, priority: int, after: list[int], kind: str, attempts: int, card: bool) -> None:
        targets = [i for i in self.pick(after, *UNFINISHED) if i in self.model.runs]
        targets = targets[:1] if kind == "source" else targets
        values = {"precision": "fp16" if card else "auto"}
        if kind == "source" and targets:
            values["pretrained"] = f"run:{targets[0]}"
        specs = [make_spec({"data": "digits", **values})] * count
        waits = {"after": targets} if kind == "ok" else {"after_any": targets} if kind == "any" else {}
        batch = Batch(specs, priority=priority, max_attempts=attempts, **waits)
        made = [
            {
                "priority": priority,
                "max_attempts": attempts,
                "needs_card": card,
                "links": dict.fromkeys(targets, kind),
                "source": targets[0] if kind == "source" and targets else None,
            }
            for _ in specs
        ]
        first = self.model.next_id
        added = self.both(lambda: add_batches(self.store, [batch]), lambda: self.model.add(made))
        assert added.ids == tuple(range(first, first + count))

    # Workers

    @rule(number=st.integers(0, len(DEVICES) - 1))
    def claim(self, number: int) -> None:
        self.take(number)

    @rule(
        number=st.integers(0, len(DEVICES) - 1),
        bad=st.booleans(),
        status=st.sampled_from(["", "done", "failed"]),
    )
    def claim_and_end(self, number: int, bad: bool, status: Any) -> None:
        held = self.take(number)
        if held is not None and status:
            self.model.finish(self.model.runs[held.run_id], status, "disk" if status == "failed" else None)
            queue.end(self.store, held, status, cause="disk" if status == "failed" else None)
        elif held is not None:
            self.model.put_back(self.model.runs[held.run_id], bad=bad)
            queue.put_back(self.store, held, bad_end=("signal", "killed") if bad else None)

    def take(self, number: int) -> Claim | None:
        worker = self.workers[number]
        expected = self.model.claim(worker, has_card=DEVICES[number] != "cpu")
        held = queue.claim(self.store, worker)
        assert held == (Claim(*expected) if expected else None)
        if held is not None:
            self.claims.append(held)
        return held

    def held(self, number: int) -> Claim:
        """A claim that holds, newest first; or now and then any, which is mostly stale."""
        live = [each for each in self.claims if self.is_live(each)]
        some_of = live if live and number < FITTING else self.claims
        return some_of[-1 - number % len(some_of)]

    def is_live(self, held: Claim) -> bool:
        run = self.model.runs.get(held.run_id)
        return run is not None and (run.status, run.attempt) == ("running", held.attempt)

    @precondition(lambda self: self.claims)
    @rule(number=one)
    def renew(self, number: int) -> None:
        held = self.held(number)
        asked = self.both(
            lambda: queue.renew(self.store, held), lambda: self.model.held(held.run_id, held.attempt)
        )
        run = self.model.runs.get(held.run_id)
        assert asked is None or (run is not None and asked == run.request)

    @precondition(lambda self: self.claims)
    @rule(
        number=one,
        status=st.sampled_from(["done", "failed", "cancelled", "paused"]),
        cause=st.sampled_from(["diverged", "disk"]),
    )
    def end(self, number: int, status: Any, cause: Cause) -> None:
        held, why = self.held(number), cause if status == "failed" else None
        self.both(
            lambda: queue.end(self.store, held, status, cause=why),
            lambda: self.model.end(self.model.held(held.run_id, held.attempt), status, why),
        )

    @precondition(lambda self: self.claims)
    @rule(number=one, bad=st.booleans())
    def put_back(self, number: int, bad: bool) -> None:
        held = self.held(number)
        self.both(
            lambda: queue.put_back(self.store, held, bad_end=("signal", "killed") if bad else None),
            lambda: self.model.put_back(self.model.held(held.run_id, held.attempt), bad=bad),
        )

    @precondition(lambda self: self.claims)
    @rule(number=one)
    def train(self, number: int) -> None:
        held = self.held(number)
        epoch = self.model.runs[held.run_id].epoch + 1 if held.run_id in self.model.runs else 1

        def record() -> None:
            metrics = EpochMetrics(run_id=held.run_id, epoch=epoch, attempt=held.attempt)
            history.record_epoch(self.store, held, metrics, [[1]], best=None, judgement=None)
            history.record_checkpoint(self.store, held)

        def model() -> None:
            run = self.model.held(held.run_id, held.attempt)
            run.epoch, run.failures = epoch, 0

        self.both(record, model)

    @rule(run=one, worker=st.integers(0, len(DEVICES) - 1), dead=st.booleans())
    def expire(self, run: int, worker: int, dead: bool) -> None:
        [run_id] = self.pick([run], "running")
        gone = self.workers[worker] if dead else None
        if not dead:
            with self.store.write() as session:
                late = text("UPDATE run SET lease_expires_s = 0 WHERE id = :id AND status = 'running'")
                session.execute(late, {"id": run_id})
        lost = [
            each
            for each in self.model.runs.values()
            if each.status == "running" and (each.worker == gone if dead else each.id == run_id)
        ]
        for each in lost:
            self.model.put_back(each, bad=True)
            each.cause = "worker_lost" if each.status == "failed" else each.cause
        found = queue.expire_leases(self.store, dead_workers=[gone] if gone is not None else ())
        assert sorted(found) == sorted(each.id for each in lost)
