"""From the store to snapshots: what a thread does when the app's timer asks."""

from collections import Counter
from datetime import UTC, datetime

from sqlalchemy import text
from sqlmodel import Session

from engine.store import history, listing, waiting, workers
from engine.store.database import Store, open_store
from engine.store.tables import Run
from tui.snapshot import Detail, Snapshot, make_detail, make_rows, make_workers, seconds_left


class Feed:
    """Reads only what changed. Used by one thread at a time; holds one database connection."""

    def __init__(self, database: str) -> None:
        """Raises StoreError."""
        self._store: Store = open_store(database)
        self._connection = self._store.engine.connect()
        self._version: int | None = None
        self._seen_change = -1
        self._shown: int | None = None
        self._runs: dict[int, Run] = {}

    def poll(self, run_id: int | None) -> Snapshot | None:
        """The newest state with `run_id` (or the first run) in detail; None where nothing moved.

        Raises StoreError where the database cannot be read."""
        version = self._data_version()
        if version is not None and version == self._version and run_id == self._shown:
            return None
        with self._store.read() as session:
            snapshot = self._read(session, run_id)
        self._version = version
        self._shown = run_id
        return snapshot

    def close(self) -> None:
        self._connection.close()
        self._store.close()

    def _data_version(self) -> int | None:
        """Moves with every commit of another connection (SQLite only)."""
        if self._store.engine.dialect.name != "sqlite":
            return None
        version = self._connection.execute(text("PRAGMA data_version")).scalar()
        self._connection.rollback()
        return int(version) if version is not None else None

    def _read(self, session: Session, run_id: int | None) -> Snapshot:
        latest = listing.latest_change(session)
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
            workers=make_workers(workers.present(session), runs),
        )

    def _detail(self, session: Session, run: Run, reasons: dict[int, str]) -> Detail:
        run_id = run.id or 0
        epochs = history.epochs_of(session, run_id)
        matrix = history.confusion_of(session, run_id, epochs[-1].epoch) if epochs else None
        return make_detail(run, epochs, matrix, reasons.get(run_id, ""))
