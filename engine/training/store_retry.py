"""Retry of store calls: a training waits while the run table cannot be reached."""

import contextlib
import time
from collections.abc import Callable, Iterator
from typing import TypeVar

from engine.store.claims import Claim, fence
from engine.store.database import Store
from engine.store.errors import StoreError
from engine.training.log import log

T = TypeVar("T")
PATIENCE_S = 600.0
"""Longest wait in seconds, the same as the worker's."""
PAUSE_S, LONGEST_PAUSE_S = 1.0, 10.0
"""Seconds between two tries: the first pause, and the longest; each is twice the one before."""


def patiently(act: Callable[[], T]) -> T:
    """Call `act`, a whole transaction, and return its result; retry on StoreError for PATIENCE_S seconds.

    Raises StoreError afterwards, and LeaseLost at once, because the run then belongs to another process."""
    deadline, pause_s = None, PAUSE_S
    while True:
        try:
            return act()
        except StoreError as error:
            if deadline is None:
                deadline = time.monotonic() + PATIENCE_S
                log(f"{error}; the training waits and tries again")
            if time.monotonic() > deadline:
                raise
            time.sleep(pause_s)
            pause_s = min(2 * pause_s, LONGEST_PAUSE_S)


SHARE = 0.05
"""Largest share of a training's time that writes which may be postponed take: a table that is far away or has many
writers is written more seldom."""


class Tries:
    """Tries of writes that may be postponed, with pauses while the run table cannot be reached or is slow."""

    def __init__(self) -> None:
        self._pause_s, self._next_s = 0.0, 0.0

    def attempt(self, act: Callable[[], None]) -> None:
        """Call `act`, a whole transaction, unless a pause lasts; where it fails or takes long, begin one. Raises
        LeaseLost."""
        began_s = time.monotonic()
        if began_s < self._next_s:
            return
        try:
            act()
        except StoreError as error:
            if not self._pause_s:
                log(f"{error}; the training goes on and writes later")
            self._pause_s = min(2 * self._pause_s, LONGEST_PAUSE_S) or PAUSE_S
            self._next_s = time.monotonic() + self._pause_s
        else:
            self._pause_s, now_s = 0.0, time.monotonic()
            self._next_s = now_s + min((now_s - began_s) * (1 / SHARE - 1), LONGEST_PAUSE_S)


@contextlib.contextmanager
def patient_fence(store: Store, held: Claim) -> Iterator[None]:
    """Enter `fence` with retries."""
    with contextlib.ExitStack() as stack:
        patiently(lambda: stack.enter_context(fence(store, held)))
        yield
