"""Reasons why runs wait, and their times, worked out where they may have changed: times for the head of the queue, and
a reason for any other run when it is looked at."""

import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import NamedTuple, TypeAlias

from sqlmodel import Session

from engine.queries.queue_reasons import QueueReasons
from engine.queries.queue_state import QueueState
from engine.queries.waiting import FAR, Facts, Waiting, told
from engine.store.overview import Listed
from engine.store.status import ENDED, Status
from tui.feeds.table_changes import TableChanges
from tui.snapshot_rows import seconds_left

WAITS_EVERY_S = 5.0
"""Seconds after which the times of waiting runs are computed again though the queue has not changed."""
QueuePart: TypeAlias = tuple[object, ...]
"""Values of a run that the queue's order and reasons for waiting depend on."""


class Change(NamedTuple):
    """Run that was written."""

    part: QueuePart | None
    """Its part in the queue before; None before it was added."""
    epoch: int | None
    """Its epoch before, where it had not ended."""
    run: Listed | None
    """None after it was removed."""

    @property
    def has_moved(self) -> bool:
        """True where others may wait for something else now."""
        return self.part != (queue_part(self.run) if self.run is not None else None)

    @property
    def has_measured(self) -> bool:
        """True where forecasts may have learnt from it: it has measured an epoch, or ended."""
        return self.has_moved or (self.run is not None and self.run.epoch != self.epoch)


def queue_part(run: Listed) -> QueuePart:
    """Return a run's part in the queue; one that has ended has nothing there but its status."""
    if run.status in ENDED:
        return (run.status,)
    return run.status, run.request, run.priority, run.position, bool(run.epoch)


class QueueWaits:
    """Reasons and times, kept up to date."""

    def __init__(self) -> None:
        self.waits: Mapping[int, Waiting] = {}
        """Of the running runs, and of the FAR that will be claimed first."""
        self._queue = QueueState()
        self._facts = Facts(QueueReasons(), ())
        self._around: tuple[bool, set[tuple[int | None, str]], str] = (False, set(), "")
        """Whether the queue is paused, the present workers and those to come: what runs wait for in addition to each
        other."""
        self._has_moved = True
        self._at = float("-inf")

    @property
    def reasons(self) -> QueueReasons:
        return self._facts.queue

    def forget(self) -> None:
        """Forget all runs, before all are taken anew."""
        self._queue, self._has_moved = QueueState(), True

    def take(
        self, changes: TableChanges, changed: Mapping[int, Change], *, workers_to_come: str = ""
    ) -> None:
        """Take what changed in the run table, and what is known of workers that are not there yet."""
        gone = [run_id for run_id, change in changed.items() if change.run is None]
        read_anew = {run.id for run in changes.runs}
        for run in changes.piece:
            if run.id not in read_anew:
                self._queue.add(run)
        self._queue.take((*changes.unended, *changes.runs), gone, changes.queue)
        if changed:
            self._queue.running_changed()
        if any(change.has_measured for change in changed.values()):
            self._queue.past_changed()
        around = changes.is_paused, {(worker.id, worker.device) for worker in changes.there}, workers_to_come
        self._has_moved |= around != self._around or any(change.has_moved for change in changed.values())
        self._around = around

    def knows_the_head_alone(self) -> None:
        """Note that more runs are queued behind those that were taken."""
        self._queue.knows_the_head_alone()

    def knows_all(self) -> None:
        """Note that all queued runs have been taken."""
        self._queue.through, self._has_moved = None, True

    def read(
        self, session: Session, changes: TableChanges, status_of: Callable[[int], Status | None]
    ) -> set[int]:
        """Work out anew what may have changed; gives the runs whose reason or times did. `status_of`: of any run, None
        for one that is gone."""
        is_old = time.monotonic() - self._at > WAITS_EVERY_S
        if not (self._has_moved or is_old):
            return set()
        is_paused, _, workers_to_come = self._around
        self._facts = self._queue.facts(
            session, changes.there, status_of, is_paused=is_paused, workers_to_come=workers_to_come
        )
        self._has_moved, self._at = False, time.monotonic()
        head = (*(row.id for row in self._facts.running), *self._facts.queue.order[:FAR])
        before, self.waits = self.waits, told(self._facts, head)
        either = before.keys() | self.waits.keys()
        return {each for each in either if before.get(each) != self.waits.get(each)}

    def left_s(self) -> float | None:
        """Return the seconds until all runs will have ended; None where that is not known of each."""
        if len(self.reasons.order) > FAR or self._queue.through is not None:
            return None
        return seconds_left(self.waits, datetime.now(UTC))
