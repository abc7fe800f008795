"""First reading of a large run table: one page at once, the rest in pieces, so that the first runs are on the screen
before a hundred thousand have been read."""

import time
from collections.abc import Mapping
from dataclasses import replace

from sqlmodel import Session

from engine.queries.queue_state import read_queue_change
from engine.queries.read_groups import folds_of_changed
from engine.queries.waiting import FAR
from engine.store import listing, overview, workers
from engine.store.chosen import Chosen
from engine.store.clock import seen_change
from engine.store.database import Store, read_together
from engine.store.status import Status
from tui.feeds.table_changes import TableChanges, read_changes

LARGE_FILE, LARGE_ON_SERVER = 20_000, 2_000
"""Runs beyond which a table is read in pieces: a file of 10,000 is read faster than a first page is drawn twice."""
NEWEST = 500
"""Ended runs on the first page, beside the running ones and the first FAR that wait."""
FIRST_PIECE, MOST_PIECE = 2_000, 10_000
PIECE_S = 1.0
"""Time that a piece is to take: what changes meanwhile is seen after it, and the link may be slow."""


class FirstPages:
    """Place that the reading of a large table has come to."""

    def __init__(self) -> None:
        self._before: int | None = None
        """Id below which nothing was read in pieces; None before the first piece."""
        self._size = FIRST_PIECE
        """Runs of the next piece."""
        self.counts: Mapping[str, int] = {}
        """Runs in the table by status."""
        self.statuses: Mapping[int, Status] = {}
        """Of runs that others wait for, which may not have been read."""

    @property
    def is_done(self) -> bool:
        return self._before == 0

    def first(self, session: Session, chosen: Chosen) -> TableChanges:
        """Read the runs that stand first in the queue's order, and what is small of all."""
        seen, there, is_paused, runs, folds, queue, counts = read_together(
            session,
            lambda: seen_change(session),
            lambda: workers.present(session),
            lambda: listing.queue_paused(session),
            lambda: list(overview.first_runs(session, chosen, waiting=FAR, ended=NEWEST)),
            lambda: folds_of_changed(session, -1),
            lambda: read_queue_change(session, -1),
            lambda: overview.count_by_status(session),
        )
        self.counts = counts
        targets = {target for links in queue.links.values() for target in links}
        self.statuses = listing.statuses_there(session, targets) if targets else {}
        return TableChanges(seen, runs, folds, queue, sum(counts.values()), there, is_paused)

    def next(self, session: Session, after: int, chosen: Chosen, *, all_at_once: bool) -> TableChanges:
        """Read the next piece, or all that is left, and the runs that were written after a change."""
        most, began = None if all_at_once else self._size, time.monotonic()
        changes: TableChanges
        changes, piece, self.counts = read_together(
            session,
            lambda: read_changes(session, after, chosen),
            lambda: list(overview.newest_runs(session, chosen, before=self._before, most=most)),
            lambda: overview.count_by_status(session),
        )
        self._before = 0 if most is None or len(piece) < most else min(run.id for run in piece)
        self._size = next_size(self._size, time.monotonic() - began)
        return replace(changes, piece=piece)


def next_size(size: int, took_s: float) -> int:
    """Return how many runs to read after a piece of `size` that took so long."""
    wanted = int(size * PIECE_S / max(took_s, 1e-3))
    return max(FIRST_PIECE, min(wanted, MOST_PIECE))


def is_large(session: Session, store: Store) -> bool:
    """Return True for a table that is to be read in pieces."""
    return overview.count_runs(session) > (LARGE_ON_SERVER if store.path is None else LARGE_FILE)
