"""From the store to snapshots: what a thread does when the app's timer asks."""

import time
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime

from sqlalchemy import text
from sqlmodel import Session

from engine.store import history, listing, waiting, workers
from engine.store.database import Store, explained, open_store
from engine.store.tables import Run
from tui.snapshot import Detail, Snapshot, make_detail, make_rows, make_workers, seconds_left

LOOK_EVERY_S = 2.0


class Feed:
    """Reads only what changed. Used by one thread at a time; holds one database connection."""

    def __init__(self, database: str, *, create: bool = True) -> None:
        """Raises StoreError."""
        self._store: Store = open_store(database, create=create)
        with explained(self._store.engine):
            self._connection = self._store.engine.connect()
        self._version: int | None = None
        self._seen_change = -1
        self._shown: int | None = None
        self._runs: dict[int, Run] = {}
        self._last: Snapshot | None = None
        self._read_at = 0.0

    def poll(self, run_id: int | None) -> Snapshot | None:
        """The newest state with `run_id` (or the first run) in detail; None where nothing moved.

        Raises StoreError where the database cannot be read."""
        version = self._data_version()
        unmoved = version is not None and version == self._version and run_id == self._shown
        # A worker that dies writes nothing: look from time to time all the same.
        if unmoved and time.monotonic() - self._read_at < LOOK_EVERY_S:
            return None
        with self._store.read() as session:
            snapshot = self._read(session, run_id)
        is_news = snapshot != self._last or run_id != self._shown
        self._version, self._shown, self._last = version, run_id, snapshot
        self._read_at = time.monotonic()
        return snapshot if is_news else None

    def close(self) -> None:
        self._connection.close()
        self._store.close()

    def _data_version(self) -> int | None:
        """Moves with every commit of another connection (SQLite only)."""
        if self._store.engine.dialect.name != "sqlite":
            return None
        with explained(self._store.engine):
            version = self._connection.execute(text("PRAGMA data_version")).scalar()
            self._connection.rollback()
        return int(version) if version is not None else None

    def _read(self, session: Session, run_id: int | None) -> Snapshot:
        latest = listing.latest_change(session)
        there = workers.present(session)
        same = latest == self._seen_change and run_id == self._shown
        # Mostly only the workers' signs of life move; whether there is one decides why runs wait.
        if self._last is not None and same and bool(there) == bool(self._last.workers):
            return replace(self._last, workers=make_workers(there, list(self._runs.values())))
        for run in listing.list_runs(session, changed_after=self._seen_change):
            self._runs[run.id or 0] = run
        self._seen_change = latest
        for gone in self._runs.keys() - listing.run_ids(session):
            del self._runs[gone]
        runs = list(self._runs.values())
        reasons = waiting.reasons(session)
        rows = make_rows(runs, listing.queue_order(session), reasons)
        shown = self._runs.get(run_id or 0) or (self._runs[rows[0].id] if rows else None)
        return Snapshot(
            rows=rows,
            counts=Counter(run.status for run in runs),
            left_s=seconds_left(runs, datetime.now(UTC)),
            detail=self._detail(session, shown, reasons) if shown else None,
            workers=make_workers(there, runs),
        )

    def _detail(self, session: Session, run: Run, reasons: dict[int, str]) -> Detail:
        run_id = run.id or 0
        epochs = history.epochs_of(session, run_id)
        matrix = history.confusion_of(session, run_id, epochs[-1].epoch) if epochs else None
        return make_detail(run, epochs, matrix, reasons.get(run_id, ""))
