"""A run table that cannot be reached just now is no reason to lose a training: it waits and tries again."""

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
"""As long as the worker waits."""
PAUSE_S = 1.0


def patiently(act: Callable[[], T]) -> T:
    """What `act`, a whole transaction, gives; tried again on StoreError, which is raised after PATIENCE_S.

    LeaseLost is raised at once: nobody waits for a run that belongs to another."""
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
    """`fence`, entered patiently."""
    with contextlib.ExitStack() as stack:
        patiently(lambda: stack.enter_context(fence(store, held)))
        yield
