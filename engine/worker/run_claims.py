"""Claims of a worker: of runs for which its device has room now."""

import time
from argparse import Namespace
from collections.abc import Callable, Collection, Mapping
from functools import partial

from engine.hardware import telemetry
from engine.hardware.gpu_contention import CardWatch
from engine.hardware.telemetry import NvidiaState
from engine.store import queue
from engine.store.card_claims import CardLook, Limits, Look, claim_beside
from engine.store.claims import Claim
from engine.store.database import Store
from engine.store.held_claim import Tried, claim_unless
from engine.text import log
from engine.worker.card_look import look_at
from engine.worker.cpu_slots import CpuSlots
from engine.worker.find_device import Found

LOOK_EVERY_S = 0.5
"""Seconds between two looks for room, on a card or for one more run on the CPU."""
BUSY_GIB = 1.0
"""Card memory that other processes may hold before runs wait: more than a driver and a desktop do."""


class _NoCard(Exception):
    """Error of a card that the driver does not show now."""


class RunClaims:
    """Claims of one worker, which has its device for itself or shares one card with others."""

    def __init__(
        self,
        store: Store,
        worker_id: int,
        found: Found,
        options: Namespace,
        look: Callable[[], NvidiaState] = telemetry.nvidia,
        *,
        pays: CpuSlots | None = None,
    ) -> None:
        """`pays`: the slots of the CPU, where it is learnt how many pay."""
        self._store, self._worker_id, self._found, self._nvidia = store, worker_id, found, look
        self._pays = pays
        self._try: Callable[[], Tried] | None = None
        """Claim with conditions, where there are any beside the card's other processes."""
        if pays is not None:
            self._try = partial(claim_unless, store, worker_id, pays.refusal)
        elif options.of_slots > 1 and found.device != "cpu":
            self._try = self._try_beside
        bound_gb = BUSY_GIB if options.others is None else options.others
        self.cards = [CardWatch(device, uuid, bound_gb, look) for device, uuid in found.each()]
        # On a shared card runs begin beside others wherever they fit, unless the user sets a bound.
        self._limits = Limits(float("inf") if options.others is None else options.others, bound_gb)
        self.busy: str | None = None
        """Reason why the next run has to wait for the device."""
        self._next_look = 0.0
        self._is_idle = True

    @property
    def waits_to_pay(self) -> bool:
        """Return True while a run waits because more at once would not pay on the CPU."""
        return self._pays is not None and self.busy is not None

    def next(self, ours: Collection[int]) -> Claim | None:
        """Claim the next run, unless it has to wait; `ours` are the worker's processes. Raises StoreError."""
        is_due = time.monotonic() >= self._next_look
        if self._try is None:
            if is_due:
                self._note(next(filter(None, (card.reason(ours) for card in self.cards)), None))
            return None if self.busy else self._claim()
        if not is_due:
            return None
        tried = self._try()
        self._note(tried.reason)
        return tried.claim

    def _claim(self) -> Claim | None:
        """Claim the first run. After a try that found none only where one is there: an idle worker tries several times
        a second, and is to hold up nobody's writes."""
        if self._is_idle and not queue.is_claimable(self._store, self._worker_id):
            return None
        held = queue.claim(self._store, self._worker_id)
        self._is_idle = held is None
        return held

    def look_soon(self) -> None:
        """Look for room at the next claim: a run has ended."""
        self._next_look = 0.0

    def _try_beside(self) -> Tried:
        look: Look = self._look
        try:
            return claim_beside(self._store, self._worker_id, look, self._limits)
        except _NoCard:
            return Tried(reason=f"waits: the driver does not show {self._found.device} now")

    def _look(self, workers: Mapping[int, int]) -> CardLook:
        card = telemetry.find_card(self._found.device, self._found.uuid, self._nvidia().cards)
        if card is None:
            raise _NoCard
        return look_at(card, workers)

    def _note(self, reason: str | None) -> None:
        before, self.busy = self.busy, reason
        self._next_look = time.monotonic() + LOOK_EVERY_S
        if reason and not before:
            log(reason)
