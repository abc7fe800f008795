"""Feed of snapshots of the run table, polled in a thread by the app's timer."""

import time
from collections import Counter
from collections.abc import Hashable, Mapping, Sequence, Set
from dataclasses import replace
from functools import partial
from typing import Any

from sqlmodel import Session

from engine.queries.queue_state import QueueChange
from engine.queries.read_groups import read_specs
from engine.store import listing, workers
from engine.store.chosen import NOTHING, Chosen
from engine.store.database import ChangeWatch, Store, read_together
from engine.store.errors import StoreError
from engine.store.overview import Listed
from engine.store.status import Status
from engine.store.tables import Worker
from tui.detail_view import Detail
from tui.feeds.detail_query import NOTHING_MORE, DetailQuery
from tui.feeds.first_pages import FirstPages, is_large
from tui.feeds.group_detail import read_group_detail
from tui.feeds.known_runs import KnownRuns
from tui.feeds.queue_waits import Change, QueueWaits
from tui.feeds.read_columns import ReadColumns
from tui.feeds.reference_reader import ReferenceReader
from tui.feeds.row_groups import RowGroups, with_setting
from tui.feeds.run_detail import RunDetailReader
from tui.feeds.table_changes import TableChanges, read_changes
from tui.lent_stores import borrow_store, give_back
from tui.run_row import RunRow
from tui.snapshot import Snapshot
from tui.snapshot_rows import make_row, make_workers, waiting_again
from tui.views.unlike import Unlike

LOOK_EVERY_S = 2.0


class RunTableFeed:
    """Feed that reads only what changed. Used by one thread at a time; holds one database connection."""

    def __init__(self, database: str, *, create: bool = True, known: Snapshot | None = None) -> None:
        """Open the store; the first poll starts from the snapshot that is `known`. Raises StoreError."""
        self._store: Store = borrow_store(database, create=create)
        self._watch = ChangeWatch(self._store)
        self._workers_to_come = ""
        self._wanted, self._has_curves = NOTHING_MORE, False
        """Query of the detail, and whether the last one has the curves of all metrics."""
        self._file = self._store.which_file()
        self._version: Hashable = None
        self._shown: int | None = None
        self._runs = KnownRuns()
        self._pages: FirstPages | None = None
        """Set while a large table has not been read to its end."""
        self._lacks_unended = False
        """True before the first poll that starts from a known snapshot."""
        self._rows: Mapping[int, RunRow] = dict(known.rows) if known is not None else {}
        self._groups = RowGroups()
        self._unlike = Unlike()
        self._queue, self._detail = QueueWaits(), RunDetailReader()
        self._reference = ReferenceReader()
        self._counts: Counter[str] = Counter(row.status for row in self._rows.values())
        self._seen_change = -1
        self._count = 0
        """Runs in the table at the latest poll."""
        self._columns = ReadColumns(known.chosen if known is not None else NOTHING)
        self._changes: TableChanges | None = None
        """Changes of the last reading, without their runs."""
        self._last = known
        self._read_at = 0.0
        is_whole = known is not None and not known.unread
        if is_whole and known is not None and known.read_to is not None and known.read_to[0] == self._file:
            self._go_on_from(known, known.read_to[1])

    def _go_on_from(self, known: Snapshot, change: int) -> None:
        """Take what a snapshot has seen of this run table, so that most of its runs are not read again."""
        self._seen_change, self._columns.asked, self._runs.latest_end = change, known.chosen, known.latest_end
        self._runs.parts = {row.id: row.part for row in known.rows.values() if any(row.part)}
        self._unlike.take(known.rows.values())
        self._lacks_unended = True

    def poll(
        self,
        run_id: int | None,
        chosen: Chosen = NOTHING,
        *,
        group_by: str = "",
        workers_to_come: str = "",
        detail: DetailQuery = NOTHING_MORE,
    ) -> Snapshot | None:
        """Return the newest snapshot, with a run (or the first) in detail, at least the `chosen` values in rows, and
        the rows of groups where they are asked for, as `RowGroups` makes them; a group's number is minus that of its
        first member. `workers_to_come`: what is known of workers that are not there yet, for the reasons why runs wait;
        `detail`: what is read for the run in detail. None where nothing changed. Raises StoreError where
        the database cannot be read."""
        if self._columns.ask(with_setting(chosen, group_by), has_rows=bool(self._rows)):
            self._version, self._seen_change, self._pages = None, -1, None
        if self._groups.ask(group_by, self._columns.asked.metrics, self._rows):
            self._version = None
        if self._store.which_file() != self._file:
            raise StoreError("the run table was replaced by another one: reading the new one")
        version = self._watch.version()
        is_settled = self._pages is None and not self._unlike.wanted()
        is_settled &= (workers_to_come, detail) == (self._workers_to_come, self._wanted)
        self._workers_to_come, self._wanted = workers_to_come, detail
        is_unchanged = version == self._version and run_id == self._shown and is_settled
        # A worker that dies writes nothing, so read from time to time even without a change.
        if is_unchanged and time.monotonic() - self._read_at < LOOK_EVERY_S:
            return None
        with self._store.read() as session:
            changes = self._look(session, is_same=version == self._version)
            snapshot = self._read(session, run_id, changes)
        is_news = snapshot != self._last
        self._version, self._shown, self._last = version, run_id, snapshot
        self._read_at = time.monotonic()
        return snapshot if is_news else None

    def close(self) -> None:
        self._watch.close()
        give_back(self._store)

    def _look(self, session: Session, *, is_same: bool) -> TableChanges:
        """Read what was written; where the table `is_same` only the workers, which may have died."""
        after, chosen = self._seen_change, self._columns.asked
        if self._pages is not None:
            return self._pages.next(session, after, chosen, all_at_once=bool(self._groups.by))
        if is_same and self._changes is not None:
            return replace(self._changes, there=workers.present(session))
        if after < 0 and not self._groups.by and is_large(session, self._store):
            self._pages = FirstPages()
            return self._pages.first(session, chosen)
        return read_changes(session, after, chosen, with_unended=self._lacks_unended)

    def _read(self, session: Session, run_id: int | None, changes: TableChanges) -> Snapshot:
        changed = self._take(session, changes)
        wanted = self._unlike.wanted()
        asked = run_id if self._is_to_read(run_id, changed) else None
        moved, specs, _ = read_together(
            session,
            lambda: self._queue.read(session, changes, partial(self._status_of, changed)),
            lambda: read_specs(session, wanted) if wanted else {},
            lambda: self._detail.read(session, asked) if asked is not None else None,
        )
        others = self._unlike.learn(specs) if wanted else set()
        alike = {row.id for row in self._rows.values() if row.group in others} if others else set()
        if changed or moved or alike:
            self._rows = self._updated_rows(changed, (moved | alike) - changed.keys())
        self._groups.update(session, self._rows, changed)
        shown = run_id if run_id in self._rows or run_id in self._groups.rows else self._first()
        in_detail = self._groups.runs_in_detail(shown) if shown is not None else set()
        reference = self._reference.read(session, self._wanted, shown, self._rows, changed)
        snapshot = self._snapshot(session, changes, shown, asked, in_detail & changed.keys())
        return replace(snapshot, reference=reference)

    def _snapshot(
        self,
        session: Session,
        changes: TableChanges,
        shown: int | None,
        asked: int | None,
        is_detail_old: Set[int],
    ) -> Snapshot:
        """Make the snapshot. `asked`: the run whose detail has been read already."""
        last = self._last
        around: dict[str, Any] = {
            "workers": self._workers(changes.there),
            "is_paused": changes.is_paused,
            "reasons": self._queue.reasons,
            "chosen": self._columns.of_all,
            "read_to": (self._file, self._seen_change),
        }
        is_same = last is not None and last.rows is self._rows and last.groups is self._groups.rows
        same_detail = last is not None and last.detail is not None and last.detail.run_id == shown
        same_detail &= self._wanted.with_curves == self._has_curves
        if last is not None and is_same and same_detail and not is_detail_old and not last.unread:
            return replace(last, **around)
        return Snapshot(
            rows=self._rows,
            groups=self._groups.rows,
            group_by=self._groups.by,
            counts=+self._counts if self._pages is None else self._pages.counts,
            unread=0 if self._pages is None else sum(self._pages.counts.values()) - len(self._rows),
            left_s=self._queue.left_s(),
            detail=self._read_detail(session, shown, asked) if shown is not None else None,
            busy_since=self._runs.busy_since,
            latest_end=self._runs.latest_end,
            **around,
        )

    def _take(self, session: Session, changes: TableChanges) -> dict[int, Change]:
        """Take the runs that changed since the last poll, and those that were removed."""
        if changes.seen < self._seen_change:  # a server restored from a copy counts anew
            self._seen_change = -1
            changes = read_changes(session, -1, self._columns.asked)
        is_first = self._seen_change < 0
        if is_first or self._lacks_unended:
            self._queue.forget()
            self._lacks_unended = False
        changed = self._runs.take(changes, self._rows)
        self._seen_change = changes.seen
        pages = self._pages
        if pages is None or pages.is_done:
            for gone in self._gone(session, changes, changed, is_first=is_first):
                changed[gone] = self._runs.change_of(gone, None, self._rows)
        elif changes.count < self._count:
            for gone in self._rows.keys() - listing.run_ids(session):
                changed[gone] = self._runs.change_of(gone, None, self._rows)
        self._count = changes.count
        self._runs.keep(changed)
        self._unlike.take((*changes.piece, *changes.runs))
        self._queue.take(changes, changed, workers_to_come=self._workers_to_come)
        if pages is not None and is_first:
            self._queue.knows_the_head_alone()
        elif pages is not None and pages.is_done:
            self._queue.knows_all()
            self._pages = None
        if self._pages is None:
            self._columns.has_read_all()
        self._changes = replace(changes, runs=(), piece=(), folds={}, queue=QueueChange((), {}), unended=())
        return changed

    def _gone(
        self, session: Session, changes: TableChanges, changed: Mapping[int, Change], *, is_first: bool
    ) -> Set[int]:
        """Return the known runs that were removed."""
        if is_first:  # runs of the known snapshot that were removed since
            return self._rows.keys() - changed.keys()
        known = len(self._rows) + sum(run_id not in self._rows for run_id in changed)
        if changes.count == known:
            return set()
        return (self._rows.keys() | changed.keys()) - listing.run_ids(session)

    def _status_of(self, changed: Mapping[int, Change], run_id: int) -> Status | None:
        """Return a run's status after the changes that the rows do not have yet; None where it is gone."""
        if run_id in changed:
            run = changed[run_id].run
            return run.status if run is not None else None
        if run_id in self._rows:
            return self._rows[run_id].status
        return self._pages.statuses.get(run_id) if self._pages is not None else None

    def _is_to_read(self, run_id: int | None, changed: Mapping[int, Change]) -> bool:
        """Return True for a run whose detail has to be read."""
        if run_id is None or run_id < 0:
            return False
        last = self._last.detail if self._last is not None else None
        if run_id in changed:
            return changed[run_id].run is not None
        return run_id in self._rows and (last is None or last.run_id != run_id)

    def _updated_rows(self, changed: Mapping[int, Change], others: Set[int]) -> Mapping[int, RunRow]:
        """Return the rows after a change; equal rows stay the same objects."""
        rows, is_new = dict(self._rows), False
        for run_id, change in changed.items():
            row, before = self._row(change.run) if change.run is not None else None, rows.get(run_id)
            if row == before:
                continue
            is_new = True
            self._counts.subtract([before.status] if before is not None else [])
            if row is None:
                del rows[run_id]
            else:
                rows[run_id] = row
                self._counts[row.status] += 1
        for run_id in others & rows.keys():
            row, run = rows[run_id], self._runs.unended.get(run_id)
            row = waiting_again(row, run, self._queue.waits.get(run_id)) if run is not None else row
            settings = self._unlike.words(row.group)
            row = row if row.settings == settings else row._replace(settings=settings)
            is_new |= row is not rows[run_id]
            rows[run_id] = row
        self._groups.note(others)
        return rows if is_new else self._rows

    def _row(self, run: Listed) -> RunRow:
        part = self._runs.parts.get(run.id, (0, 0))
        return make_row(run, self._queue.waits.get(run.id), self._unlike.words(run.group_key), part)

    def _first(self) -> int | None:
        """Return the id of the table's first row."""
        first = min(self._rows.values(), key=lambda row: row.rank, default=None)
        return first.id if first is not None else None

    def _workers(self, there: Sequence[Worker]) -> tuple[Any, ...]:
        return make_workers(there, (run for run in self._runs.unended.values() if run.status == "running"))

    def _read_detail(self, session: Session, run_id: int, asked: int | None) -> Detail:
        self._has_curves = self._wanted.with_curves
        group = self._groups.rows.get(run_id)
        if group is not None and group.section is None:
            return read_group_detail(session, group, self._rows)
        best = group.section.best if group is not None and group.section is not None else run_id
        if best != asked:
            self._detail.read(session, best)
        waiting = self._queue.reasons.of(best) or ""
        settings = self._unlike.words(self._detail.group_key)
        detail = self._detail.detail(waiting, settings, with_curves=self._wanted.with_curves)
        return replace(detail, run_id=run_id)
