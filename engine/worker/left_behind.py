"""Runs that other workers have left behind, and the end of a worker that waits for none."""

import math
import time

from engine.store import listing, queue, workers
from engine.store.database import Store
from engine.text import log

OUTAGE_S = 5.0
"""The least time without the run table that counts as an outage, however short the leases are."""
DRAIN_IDLE_S = 60.0
"""Seconds that a worker with `--drain` stays where nothing waits and others still train."""


class LostRuns:
    """Look for runs of workers that have gone, every third of a lease."""

    def __init__(self, store: Store, lease_s: float) -> None:
        self._store, self._lease_s = store, lease_s
        self._looked_s, self._next_s = time.monotonic(), 0.0
        self._trusts_leases_from_s = self._looked_s + lease_s
        """Times of the latest look, of the next, and from which on an expired lease tells of a lost worker."""

    def look_if_due(self) -> None:
        if time.monotonic() >= self._next_s:
            self.look()

    def look(self) -> None:
        """Put lost runs back: they keep their place before the next claim. Raises StoreError.

        A run whose worker's process has gone is put back at once, another when its lease has expired; but after an
        outage of the run table, which may have kept all from renewing, they have as long as a lease to do so. A new
        worker does not know whether there was one."""
        dead, now = workers.dead_here(self._store), time.monotonic()
        if now - self._looked_s > max(2 / 3 * self._lease_s, OUTAGE_S):
            self._trusts_leases_from_s = now + self._lease_s
        self._looked_s, trusts = now, now >= self._trusts_leases_from_s
        for run_id in queue.expire_leases(self._store, dead_workers=dead, trusts_leases=trusts):
            log(f"run {run_id}: worker lost, put back in the queue")
        self._next_s = now + self._lease_s / 3


class Draining:
    """Judge of whether a worker with `--drain` is to leave."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._idle_since_s = math.inf

    def is_done(self) -> bool:
        """Return True where no run is left, or where others have trained the last ones for DRAIN_IDLE_S: until then a
        run of theirs may come back. Raises StoreError."""
        with self._store.read() as session:
            pending = listing.pending(session)
            waits = "queued" in listing.statuses_there(session, pending).values()
        now = time.monotonic()
        self._idle_since_s = math.inf if waits else min(self._idle_since_s, now)
        return not pending or now - self._idle_since_s > DRAIN_IDLE_S

    def begin_again(self) -> None:
        """Forget how long nothing has waited: this worker trains."""
        self._idle_since_s = math.inf
