"""The store's verbs in any order, with several workers and stale claims, against a small model of them.

RESNET_TUI_MODEL_EXAMPLES asks for more sequences than the default."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from postgres import Server
from queue_model import ENDED, Model, MRun, Refused, Stale
from sqlalchemy import text

from engine.files.paths import Home
from engine.spec.grid import load_spec, make_spec
from engine.store import history, listing, queue, workers
from engine.store.add import Batch, add_batches
from engine.store.claims import Claim
from engine.store.database import Store, open_store
from engine.store.dependencies import links_of
from engine.store.edits import notes_and_tags, order, pausing
from engine.store.edits.remove import remove
from engine.store.edits.retry import retry
from engine.store.edits.settings import edit_settings
from engine.store.edits.undo import undo
from engine.store.errors import LeaseLost, QueueError
from engine.store.status import Cause
from engine.store.tables import EpochMetrics

EXAMPLES = int(os.environ.get("RESNET_TUI_MODEL_EXAMPLES", "30"))
STEPS = 50
UNFINISHED = ("queued", "running", "paused")
DEVICES = ("cpu", "cpu", "cuda:0")
TABLES = ("run_dependency", "epoch_metrics", "epoch_confusion", "run", "worker", "edit", "sqlite_sequence")

FITTING = 6
"""Numbers below it choose of the runs, or claims, that fit a verb; others of all that ever were."""
some = st.lists(st.integers(0, FITTING + 1), min_size=1, max_size=2)
one = st.integers(0, FITTING)


class Shared:
    """One database for all sequences: emptying it is quicker than migrating another."""

    store: Store
    home: Home
    empty: Callable[[], object]


class QueueMachine(RuleBasedStateMachine):
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

    # People

    @rule(which=some, request=st.sampled_from(["cancel", "pause"]))
    def ask(self, which: list[int], request: Any) -> None:
        ids = self.pick(which, *UNFINISHED)
        self.both(lambda: queue.ask(self.store, ids, request), lambda: self.model.ask(ids, request))

    @precondition(lambda self: any(run.status == "paused" or run.request for run in self.model.runs.values()))
    @rule(which=some)
    def resume(self, which: list[int]) -> None:
        ids = self.pick(which, "paused", "running")
        self.both(lambda: pausing.resume(self.store, ids), lambda: self.model.resume(ids))

    @precondition(lambda self: any(run.status in ENDED for run in self.model.runs.values()))
    @rule(which=some, fresh=st.booleans())
    def retry(self, which: list[int], fresh: bool) -> None:
        ids = self.pick(which, *ENDED)
        self.both(
            lambda: retry(self.store, self.home, ids, fresh=fresh),
            lambda: self.model.retry(ids, fresh=fresh),
        )

    @rule(which=some, lr=st.sampled_from([0.01, 0.1]))
    def edit(self, which: list[int], lr: float) -> None:
        ids = self.pick(which, "queued", "paused")
        self.both(
            lambda: edit_settings(self.store, self.home, ids, {"lr": lr}), lambda: self.model.set_lr(ids, lr)
        )

    @rule(which=some, words=st.sampled_from(["", "a", "b"]))
    def note(self, which: list[int], words: str) -> None:
        ids = self.pick(which, *UNFINISHED, *ENDED)
        self.both(
            lambda: notes_and_tags.set_note(self.store, ids, words), lambda: self.model.label(ids, words)
        )

    @rule(which=some, priority=st.integers(-1, 1))
    def priority(self, which: list[int], priority: int) -> None:
        ids = self.pick(which, *UNFINISHED)
        self.both(
            lambda: order.set_priority(self.store, ids, priority),
            lambda: self.model.set_priority(ids, priority),
        )

    @rule(which=some, direction=st.sampled_from(order.DIRECTIONS))
    def move(self, which: list[int], direction: order.Direction) -> None:
        ids = self.pick(which, "queued", "paused")
        self.both(lambda: order.move(self.store, ids, direction), lambda: self.model.move(ids, direction))

    @rule(which=some)
    def remove(self, which: list[int]) -> None:
        ids = self.pick(which, "queued", "paused", *ENDED)
        self.both(lambda: remove(self.store, self.home, ids), lambda: self.model.remove(ids))

    @rule(paused=st.booleans())
    def pause_queue(self, paused: bool) -> None:
        self.model.pause_queue(paused)
        (pausing.pause_queue if paused else pausing.resume_queue)(self.store)

    @precondition(lambda self: self.model.journal)
    @rule()
    def undo(self) -> None:
        expected, undone = self.model.undo(), undo(self.store)
        assert (sorted(undone.restored) if undone else None) == (
            sorted(expected) if expected is not None else None
        )

    # What must hold after each step

    @invariant()
    def table_is_as_the_model(self) -> None:
        with self.store.read() as session:
            rows = {run.id: run for run in listing.list_runs(session)}
            links = links_of(session, list(rows))
            queued, paused = listing.queue_order(session), listing.queue_paused(session)
            epochs = dict(
                session.execute(text("SELECT run_id, count(*) FROM epoch_metrics GROUP BY run_id")).all()
            )
        assert rows.keys() == self.model.runs.keys()
        assert (queued, paused) == (self.model.order(), self.model.paused)
        for run_id, run in rows.items():
            mine = self.model.runs[run_id]
            assert _as_model(run, links[run_id], mine) == mine
            assert run.blocked == self.model.blocked(mine)
            held = run.lease_expires_s is not None and run.worker_id is not None
            assert held == (run.status == "running") and (run.request is None or held)
            assert (run.ended_at is not None) == (run.status in ENDED)
            assert epochs.get(run_id, 0) == run.epoch


def _as_model(run: Any, links: dict[int, str], mine: MRun) -> MRun:
    """A row in the model's terms; when it ended stands for whether it has."""
    return MRun(
        id=run.id, priority=run.priority, position=run.position, max_attempts=run.max_attempts,
        needs_card=run.needs_card, links=links, source=load_spec(run.spec).source_run, lr=run.lr, status=run.status,
        request=run.request, cause=run.cause, ended=mine.ended if run.ended_at else None,
        worker=run.worker_id, attempt=run.attempt, failures=run.failures, epoch=run.epoch, note=run.note,
    )  # fmt: skip


def test_the_store_does_what_the_model_does(tmp_path: Path) -> None:
    store = open_store(f"sqlite:///{tmp_path}/runs.db")
    pooled = store.engine.raw_connection()  # the only one: nothing here is to survive a power loss
    pooled.cursor().execute("PRAGMA synchronous=OFF")
    pooled.close()

    def empty() -> None:
        with store.write() as session:
            for table in TABLES:
                session.execute(text(f"DELETE FROM {table}"))
            session.execute(text("UPDATE clock SET queue_paused = false"))

    _run_machine(store, tmp_path, empty, EXAMPLES)


def test_the_store_does_what_the_model_does_on_postgresql(postgres_server: Server, tmp_path: Path) -> None:
    store = open_store(postgres_server.empty_runs())
    _run_machine(store, tmp_path, postgres_server.empty_runs, max(EXAMPLES * 2 // 3, 1))


def _run_machine(store: Store, folder: Path, empty: Callable[[], object], examples: int) -> None:
    Shared.store, Shared.home, Shared.empty = store, Home.find(folder), staticmethod(empty)
    case = QueueMachine.TestCase
    case.settings = settings(
        max_examples=examples,
        stateful_step_count=STEPS,
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    try:
        case("runTest").runTest()
    finally:
        store.close()
