"""Shares of the host's cores that the trainings of its workers get."""

import contextlib
import os
from collections.abc import Callable

from sqlmodel import Session

from engine.hardware.cores import CoreMeter, CoreShare, affinity, usable_cores
from engine.store import queue, workers
from engine.store.database import Store
from engine.store.errors import StoreError


class CoreShares:
    """Shares of one worker's trainings."""

    def __init__(
        self,
        store: Store,
        worker_id: int,
        device: str,
        *,
        slots: int = 1,
        pays: Callable[[Session, int], int] | None = None,
    ) -> None:
        """`slots`: workers that share the card; `pays`: how many runs like one, by its id, are trained at once on the
        CPU, where that is learnt."""
        self._store, self._worker_id, self._slots, self._pays = store, worker_id, slots, pays
        self._meter = CoreMeter({os.getpid()}) if device == "cpu" else None
        """None on a card, beside which the cores have little to do."""

    def look(self, ours: set[int]) -> None:
        """Measure what processes other than this one and `ours` have taken since the last look."""
        if self._meter is not None:
            self._meter.read({os.getpid(), *ours})

    def share(self, run_id: int) -> CoreShare:
        """Return the share of a run that was just claimed.

        Workers that train on the host's CPU share it as far as there are runs for them: those in training, and those
        that wait and can be claimed."""
        if self._meter is None:
            return CoreShare(usable_cores(), self._slots, others=0.0)
        count = 1
        with contextlib.suppress(StoreError), self._store.read() as session:
            here = workers.on_cpu_here(session)
            trained = queue.count_trained_by(session, here)
            count = min(len(here), trained + queue.count_claimable(session, self._worker_id, len(here)))
            if self._pays is not None:
                count = min(count, self._pays(session, run_id))
        return CoreShare(usable_cores(), max(count, 1), self._meter.others, affinity())
