"""Feed of snapshots of the run table, polled in a thread by the app's timer."""

import time
from collections import Counter
from collections.abc import Collection, Hashable, Mapping, Sequence, Set
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, TypeAlias

from sqlmodel import Session

from engine.analysis.groups import Group
from engine.queries import waiting
from engine.queries.read_groups import folds_of_changed, groups_with_keys, read_specs
from engine.queries.waiting import Waiting
from engine.store import history, listing, overview, workers
from engine.store.clock import seen_change
from engine.store.database import ChangeWatch, Store, open_store
from engine.store.errors import StoreError
from engine.store.overview import Listed
from engine.store.status import ENDED
from engine.store.tables import Worker
from tui.feeds.group_detail import read_group_detail
from tui.snapshot import Detail, RunRow, Snapshot
from tui.snapshot_rows import make_detail, make_row, make_workers, seconds_left, waiting_again
from tui.views.folding import Folding
from tui.views.unlike import Unlike

QueuePart: TypeAlias = tuple[object, ...]
"""Values of a run that the queue's order and reasons for waiting depend on."""
Change: TypeAlias = tuple[QueuePart | None, Listed | None]
"""Run's part in the queue before a change, and the run after it; None before it was added, or after it was removed."""
LOOK_EVERY_S = 2.0
WAITS_EVERY_S = 5.0
"""Seconds after which the times of waiting runs are computed again though the queue has not changed."""


class RunTableFeed:
    """Feed that reads only what changed. Used by one thread at a time; holds one database connection."""

    def __init__(self, database: str, *, create: bool = True, known: Snapshot | None = None) -> None:
        """Open the store; the first poll starts from the snapshot that is `known`. Raises StoreError."""
        self._store: Store = open_store(database, create=create)
        self._watch = ChangeWatch(self._store)
        self._file = self._store.which_file()
        self._version: Hashable = None
        self._shown: int | None = None
        self._unended: dict[int, Listed] = {}
        """Runs that have not ended, with what their rows do not have: most of ten thousand have ended."""
        self._lacks_unended = False
        """True before the first poll that starts from a known snapshot."""
        self._rows: dict[int, RunRow] = dict(known.rows) if known is not None else {}
        self._folding: Folding | None = None
        """None while groups are not asked for."""
        self._unfolded: set[int] = set()
        """Runs that changed since the groups were made."""
        self._groups: Mapping[int, RunRow] = {}
        self._parts: dict[int, tuple[int, int]] = {}
        """Fold of each run of a cross-validation, and the number of its folds."""
        self._unlike = Unlike()
        self._waits: dict[int, Waiting] = {}
        self._seen_change = -1
        self._metrics: tuple[str, ...] = ()
        self._around: tuple[bool, set[tuple[int | None, str]]] = (False, set())
        """Whether the queue is paused, and the present workers: what runs wait for in addition to each other."""
        self._latest_end: datetime | None = None
        self._waits_at = float("-inf")
        self._last = known
        self._read_at = 0.0
        if known is not None and known.read_to is not None and known.read_to[0] == self._file:
            self._go_on_from(known, *known.read_to[1:])

    def _go_on_from(self, known: Snapshot, metrics: tuple[str, ...], change: int) -> None:
        """Take what a snapshot has seen of this run table, so that most of its runs are not read again."""
        self._seen_change, self._metrics, self._latest_end = change, metrics, known.latest_end
        self._parts = {row.id: row.part for row in known.rows.values() if any(row.part)}
        self._unlike.take(known.rows.values())
        self._lacks_unended = True

    def poll(
        self, run_id: int | None, metrics: Sequence[str] = (), *, grouped: bool = False
    ) -> Snapshot | None:
        """Return the newest snapshot, with a run (or the first) in detail and these metrics in rows, and with the rows
        of groups where `grouped`; a group's number is minus that of its first member.

        None where nothing changed. Raises StoreError where the database cannot be read."""
        if tuple(metrics) != self._metrics:
            self._metrics, self._version, self._seen_change = tuple(metrics), None, -1
        if grouped != (self._folding is not None):
            self._folding, self._version = Folding() if grouped else None, None
            self._groups, self._unfolded = {}, set(self._rows)
        if self._store.which_file() != self._file:
            raise StoreError("the run table was replaced by another one: reading the new one")
        version = self._watch.version()
        is_unchanged = version == self._version and run_id == self._shown and not self._unlike.wanted()
        # A worker that dies writes nothing, so read from time to time even without a change.
        if is_unchanged and time.monotonic() - self._read_at < LOOK_EVERY_S:
            return None
        with self._store.read() as session:
            snapshot = self._read(session, run_id)
        is_news = snapshot != self._last
        self._version, self._shown, self._last = version, run_id, snapshot
        self._read_at = time.monotonic()
        return snapshot if is_news else None

    def close(self) -> None:
        self._watch.close()
        self._store.close()

    def _read(self, session: Session, run_id: int | None) -> Snapshot:
        there = workers.present(session)
        changed = self._read_runs(session, seen_change(session))
        self._read_waits(session, there, changed, self._read_unlike(session, changed))
        self._fold(session, changed)
        shown = run_id if run_id in self._rows or run_id in self._groups else self._first()
        last = self._last
        is_same = last is not None and last.rows is self._rows and last.groups is self._groups
        same_detail = last is not None and last.detail is not None and last.detail.run_id == shown
        read_to = self._file, self._metrics, self._seen_change
        if last is not None and is_same and same_detail and not changed.keys() & self._runs_of(shown):
            around = self._workers(there), self._around[0]
            return replace(last, workers=around[0], is_paused=around[1], read_to=read_to)
        return Snapshot(
            rows=self._rows,
            groups=self._groups,
            is_grouped=self._folding is not None,
            counts=Counter(row.status for row in self._rows.values()),
            left_s=seconds_left(self._waits, datetime.now(UTC)),
            detail=self._detail(session, shown) if shown is not None else None,
            workers=self._workers(there),
            is_paused=self._around[0],
            latest_end=self._latest_end,
            read_to=read_to,
        )

    def _read_runs(self, session: Session, seen: int) -> dict[int, Change]:
        """Read the runs that changed since the last poll: each before (None if new) and now (None if removed)."""
        changed: dict[int, Change] = {}
        if seen < self._seen_change:  # a server restored from a copy counts anew
            self._seen_change = -1
        known = self._rows.keys()
        is_first = self._seen_change < 0
        if self._lacks_unended:
            unended = overview.changed_runs(session, -1, self._metrics, ended=False)
            self._unended, self._lacks_unended = {run.id: run for run in unended}, False
        for run in overview.changed_runs(session, self._seen_change, self._metrics):
            changed[run.id] = (self._part_before(run.id), run)
            self._parts.pop(run.id, None)
            if run.ended_at is not None and (self._latest_end is None or run.ended_at > self._latest_end):
                self._latest_end = run.ended_at
        self._parts |= folds_of_changed(session, self._seen_change)
        self._seen_change = seen
        if is_first:  # runs of the known snapshot that were removed since
            changed |= dict.fromkeys(known - changed.keys(), (None, None))
        elif overview.count_runs(session) != len(known | changed.keys()):
            for gone in (known | changed.keys()) - listing.run_ids(session):
                changed[gone] = (self._part_before(gone), None)
        self._keep_unended(changed)
        return changed

    def _part_before(self, run_id: int) -> QueuePart | None:
        """Return a run's part in the queue as it was read last; None for one that was not."""
        if run_id in self._unended:
            return _queue_part(self._unended[run_id])
        return (self._rows[run_id].status,) if run_id in self._rows else None

    def _keep_unended(self, changed: Mapping[int, Change]) -> None:
        for run_id, (_, run) in changed.items():
            if run is not None and run.status not in ENDED:
                self._unended[run_id] = run
            else:
                self._unended.pop(run_id, None)

    def _read_unlike(self, session: Session, changed: Mapping[int, Change]) -> set[int]:
        """Read what tells recipes apart that look alike, and return the runs whose words are others now."""
        self._unlike.take([run for _, run in changed.values() if run is not None])
        wanted = self._unlike.wanted()
        if not wanted:
            return set()
        others = self._unlike.learn(read_specs(session, wanted))
        return {row.id for row in self._rows.values() if row.group in others} if others else set()

    def _read_waits(
        self, session: Session, there: list[Worker], changed: Mapping[int, Change], others: Set[int]
    ) -> None:
        """Read why and until when runs wait, where that may have changed, and update rows, also those of `others`."""
        around = listing.queue_paused(session), {(worker.id, worker.device) for worker in there}
        has_moved = any(before != (_queue_part(now) if now else None) for before, now in changed.values())
        is_old = time.monotonic() - self._waits_at > WAITS_EVERY_S
        waiting_again_for: set[int] = set()
        if has_moved or is_old or around != self._around:
            before, self._waits = self._waits, waiting.waits(session)
            self._around, self._waits_at = around, time.monotonic()
            either = before.keys() | self._waits.keys()
            waiting_again_for = {each for each in either if before.get(each) != self._waits.get(each)}
        if changed or waiting_again_for or others:
            self._rows = self._updated_rows(changed, (waiting_again_for | others) - changed.keys())

    def _updated_rows(self, changed: Mapping[int, Change], others: Set[int]) -> dict[int, RunRow]:
        """Return the rows after a change; equal rows stay the same objects."""
        rows, is_new = dict(self._rows), False
        for run_id, (_, run) in changed.items():
            row = self._row(run) if run is not None else None
            is_new |= row != rows.get(run_id)
            if row is None:
                rows.pop(run_id, None)
            elif row != rows.get(run_id):
                rows[run_id] = row
        for run_id in others & rows.keys():
            row, run = rows[run_id], self._unended.get(run_id)
            row = waiting_again(row, run, self._waits.get(run_id)) if run is not None else row
            settings = self._unlike.words(row.group)
            row = row if row.settings == settings else row._replace(settings=settings)
            is_new |= row is not rows[run_id]
            rows[run_id] = row
        self._unfolded |= others
        return rows if is_new else self._rows

    def _row(self, run: Listed) -> RunRow:
        part = self._parts.get(run.id, (0, 0))
        return make_row(run, self._waits.get(run.id), self._unlike.words(run.group_key), part)

    def _fold(self, session: Session, changed: Mapping[int, Change]) -> None:
        """Make the groups of changed runs anew, where groups are asked for."""
        unfolded, self._unfolded = self._unfolded | changed.keys(), set()
        if self._folding is None:
            return

        def read(keys: Collection[str]) -> list[Group]:
            return groups_with_keys(session, keys, self._metrics)

        self._groups = self._folding.update(self._rows, unfolded, read)

    def _runs_of(self, shown: int | None) -> set[int]:
        """Return the runs that a detail shows: one, or the members of a group."""
        if shown is None:
            return set()
        fold = self._groups[shown].fold if shown < 0 else None
        return set(fold.members) if fold is not None else {shown}

    def _first(self) -> int | None:
        """Return the id of the table's first row."""
        first = min(self._rows.values(), key=lambda row: row.rank, default=None)
        return first.id if first is not None else None

    def _workers(self, there: list[Worker]) -> tuple[Any, ...]:
        return make_workers(there, (run for run in self._unended.values() if run.status == "running"))

    def _detail(self, session: Session, run_id: int) -> Detail:
        if run_id < 0:
            return read_group_detail(session, self._groups[run_id], self._rows)
        epochs = history.epochs_of(session, run_id)
        matrix = history.confusion_of(session, run_id, epochs[-1].epoch) if epochs else None
        run, waits = listing.get_run(session, run_id), self._waits.get(run_id)
        reason = (waits.reason or "") if waits else ""
        return make_detail(run, epochs, matrix, reason, self._unlike.words(run.group_key))


def _queue_part(run: Listed) -> QueuePart:
    """Return a run's part in the queue; one that has ended has nothing there but its status."""
    if run.status in ENDED:
        return (run.status,)
    return run.status, run.request, run.priority, run.position, bool(run.epoch)
