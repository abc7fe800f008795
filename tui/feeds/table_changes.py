"""Changes of the run table since a reader looked last, read with as few round trips as can be."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from sqlmodel import Session

from engine.queries.queue_state import QueueChange, read_queue_change
from engine.queries.read_groups import folds_of_changed
from engine.store import listing, overview, workers
from engine.store.chosen import Chosen
from engine.store.clock import seen_change
from engine.store.database import read_together, require_unmoved
from engine.store.overview import Listed
from engine.store.tables import Worker


@dataclass(frozen=True)
class TableChanges:
    """Runs that were written after a change, and what is small enough to be read each time."""

    seen: int
    """Change after which to look next time."""
    runs: Sequence[Listed]
    folds: Mapping[int, tuple[int, int]]
    """Fold, and number of folds, of those that are of a cross-validation."""
    queue: QueueChange
    count: int
    """Runs in the table."""
    there: Sequence[Worker]
    is_paused: bool
    piece: Sequence[Listed] = ()
    """Runs that were read for the first time, of a large table."""
    unended: Sequence[Listed] = field(default=())
    """All that have not ended, where they were asked for."""


def read_changes(session: Session, after: int, chosen: Chosen, *, with_unended: bool = False) -> TableChanges:
    """Read what was written after the change `after` (-1: all), with the `chosen` columns.
    `with_unended`: also all runs that have not ended, and what the queue has of all. Raises StoreError where the runs
    were moved to another database since it was opened."""
    seen, there, is_paused, runs, folds, queue, count, unended, _ = read_together(
        session,
        lambda: seen_change(session),
        lambda: workers.present(session),
        lambda: listing.queue_paused(session),
        lambda: list(overview.changed_runs(session, after, chosen)),
        lambda: folds_of_changed(session, after),
        lambda: read_queue_change(session, -1 if with_unended else after),
        lambda: overview.count_runs(session),
        lambda: list(overview.changed_runs(session, -1, chosen, ended=False)) if with_unended else (),
        lambda: require_unmoved(session),
    )
    return TableChanges(seen, runs, folds, queue, count, there, is_paused, unended)
