"""Runs as they were read last: what their rows do not have."""

from collections.abc import Mapping
from datetime import datetime

from engine.store.overview import Listed
from engine.store.status import ENDED
from tui.feeds.queue_waits import Change, queue_part
from tui.feeds.table_changes import TableChanges
from tui.run_row import RunRow


class KnownRuns:
    """Runs of a table, kept up to date by its changes."""

    def __init__(self) -> None:
        self.unended: dict[int, Listed] = {}
        """Those that have not ended: most of ten thousand have."""
        self.parts: dict[int, tuple[int, int]] = {}
        """Fold of each run of a cross-validation, and the number of its folds."""
        self.latest_end: datetime | None = None

    @property
    def busy_since(self) -> datetime | None:
        """Start of the running run that started first, of those that have not been interrupted."""
        running = (run for run in self.unended.values() if run.status == "running" and run.attempt == 1)
        return min((run.started_at for run in running if run.started_at is not None), default=None)

    def take(self, changes: TableChanges, rows: Mapping[int, RunRow]) -> dict[int, Change]:
        """Return the change of each run that was read, and keep its fold; `keep` keeps the rest. `rows`: those from
        before."""
        if changes.unended:
            self.unended = {run.id: run for run in changes.unended}
        changed = {run.id: Change(queue_part(run), run.epoch, run) for run in changes.piece}
        changed |= {run.id: self.change_of(run.id, run, rows) for run in changes.runs}
        for run in changes.runs:
            self.parts.pop(run.id, None)
        self.parts |= changes.folds
        for run in (*changes.piece, *changes.runs):
            if run.ended_at is not None and (self.latest_end is None or run.ended_at > self.latest_end):
                self.latest_end = run.ended_at
        return changed

    def change_of(self, run_id: int, run: Listed | None, rows: Mapping[int, RunRow]) -> Change:
        """Return a run's change since it was read last."""
        if run_id in self.unended:
            before = self.unended[run_id]
            return Change(queue_part(before), before.epoch, run)
        return Change((rows[run_id].status,) if run_id in rows else None, None, run)

    def keep(self, changed: Mapping[int, Change]) -> None:
        """Keep runs as they are after a change."""
        for run_id, change in changed.items():
            if change.run is not None and change.run.status not in ENDED:
                self.unended[run_id] = change.run
            else:
                self.unended.pop(run_id, None)
