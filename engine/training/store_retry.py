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
PAUSE_S = 1.0


def patiently(act: Callable[[], T]) -> T:
    """Call `act`, a whole transaction, and return its result; retry on StoreError for PATIENCE_S seconds.

    Raises StoreError afterwards, and LeaseLost at once, because the run then belongs to another process."""
    deadline = None
    while True:
        try:
            return act()
        except StoreError as error:
            if deadline is None:
                deadline = time.monotonic() + PATIENCE_S
                log(f"{error}; the training waits and tries again")
            if time.monotonic() > deadline:
                raise
            time.sleep(PAUSE_S)


@contextlib.contextmanager
def patient_fence(store: Store, held: Claim) -> Iterator[None]:
    """Enter `fence` with retries."""
    with contextlib.ExitStack() as stack:
        patiently(lambda: stack.enter_context(fence(store, held)))
        yield
