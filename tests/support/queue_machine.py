"""The state machine of the queue: everything that people and workers may do, beside a model of it."""

from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import invariant, precondition, rule
from queue_model import ENDED, MRun
from sqlalchemy import text
from worker_machine import UNFINISHED, WorkerMachine, some

from engine.spec.grid import load_spec
from engine.store import listing, queue
from engine.store.dependencies import links_of
from engine.store.edits import notes_and_tags, order, pausing
from engine.store.edits.remove import remove
from engine.store.edits.retry import retry
from engine.store.edits.settings import edit_settings
from engine.store.edits.undo import undo


class QueueMachine(WorkerMachine):
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
