"""Garbage collection while nobody types, because a full one holds the event loop for a tenth of a second."""

import gc
import time
from collections.abc import Callable

REST_S = 1.0
"""Seconds without a key after which a full collection may run."""
DUE, OVERDUE = 10, 200
"""Collections of the middle generation since the last full one after which a full one runs at rest (Python's own
threshold), and at once."""


class IdleGarbage:
    """Runs full collections at rest, where the program's entry left collection to the app."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock

    def begin(self) -> None:
        """Turn collection on again where the entry turned it off; what the first frame made stays out of it."""
        if not gc.isenabled():
            young, middle, _ = gc.get_threshold()
            gc.set_threshold(young, middle, OVERDUE)
            gc.freeze()
            gc.enable()

    def look(self, typed_at: float) -> None:
        """Collect where that is due and the newest key came at least REST_S seconds ago; do nothing where Python
        collects by itself."""
        is_ours = gc.get_threshold()[2] == OVERDUE  # also in an app that was started again in this process
        if is_ours and gc.get_count()[2] >= DUE and self._clock() - typed_at >= REST_S:
            gc.collect()
