"""Frozen views of the home screen: widgets draw them and nothing else. `snapshot_rows.py` makes them."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

from engine.store.chosen import NOTHING, Chosen
from tui.detail_view import Detail, Reference
from tui.run_row import RunRow

if TYPE_CHECKING:
    from engine.queries.queue_reasons import QueueReasons


@dataclass(frozen=True)
class AddressView:
    """Address that alerts go to, without its secrets."""

    shown: str
    of: str
    """Sweep, or user on a run table of several; empty for all runs."""
    kinds: tuple[str, ...]
    was_sent: bool
    """A message to it has arrived."""
    problem: str
    """Reason why the latest message has not arrived; empty where it has."""


@dataclass(frozen=True)
class WorkerView:
    id: int
    device: str
    name: str
    load: str
    run_id: int | None
    images_per_s: float | None
    waits: str = ""
    """Reason why it claims nothing though runs are queued; empty where it would."""
    leaves: str = ""
    """`stopping` or `draining` where somebody asked it to leave."""
    host: str = ""
    host_id: str = ""
    user: str = ""
    """Its owner; empty where the run table is a file."""
    pid: int = 0
    pid_started: str = ""
    seen_s: float = 0.0
    """Its latest sign of life, by the database's clock."""
    gauges: tuple[float | None, float | None, float | None, float | None] = (None, None, None, None)
    """Utilisation in %, memory in use and in all in GiB, temperature in °C."""


@dataclass(frozen=True)
class Snapshot:
    """Content of the home screen."""

    rows: Mapping[int, RunRow]
    """By id. A row that has not changed is the same object as in the snapshot before."""
    groups: Mapping[int, RunRow]
    """Rows of groups of at least two runs, or of sections, by minus the id of the first member; the same objects where
    unchanged."""
    group_by: str
    """Basis of the groups: repetitions, a column or a setting; empty where they were not asked for."""
    counts: Mapping[str, int]
    unread: int
    """Runs of a large table that have not been read yet: they are in `counts`, not in `rows`."""
    left_s: float | None
    """Seconds until all runs have ended, where the speed of each is known."""
    detail: Detail | None
    workers: tuple[WorkerView, ...]
    reference: Reference | None = None
    """None where no other run is pinned."""
    is_paused: bool = False
    """Whether no run is to start."""
    busy_since: datetime | None = None
    """Start of the running run that started first, of those that have not been interrupted."""
    latest_end: datetime | None = None
    """Latest end of a run: what is seen here is no news later."""
    reasons: QueueReasons | None = None
    """Reasons why queued runs wait; rows of the queue's head have it themselves."""
    chosen: Chosen = NOTHING
    """Metrics and settings that have been read of all rows."""
    read_to: tuple[Hashable, int] | None = field(default=None, compare=False)
    """File of the run table, and the newest change that is seen here."""

    def with_reason(self, row: RunRow) -> RunRow:
        """Return a row with the reason why its run waits: only the head of the queue has it at once."""
        if self.reasons is None or row.status != "queued" or row.remark:
            return row
        return row._replace(remark=self.reasons.of(row.id) or "")

    @property
    def warned_running(self) -> tuple[int, ...]:
        """Running runs that look bad."""
        return tuple(row.id for row in self.rows.values() if row.status == "running" and row.warned)
