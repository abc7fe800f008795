"""Imports while nobody types, so that a screen's first opening takes no longer than the next ones."""

import importlib
import time
from collections.abc import Callable
from functools import partial
from threading import Thread

from tui.feeds.reader_thread import start_once
from tui.idle_garbage import REST_S

SCREENS = ("tui.screens.run", "tui.screens.new_run", "tui.screens.compare")
"""Modules of the screens that everyone opens; the others' libraries take memory that most never need."""


class IdleImports:
    """Imports one module after the other, each in a thread: a key that needs it meanwhile waits as long as without."""

    def __init__(
        self, crashed: Callable[[Exception], object], clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._crashed, self._clock, self._begun = crashed, clock, clock()
        self._left = list(SCREENS)
        self._thread: Thread | None = None

    def look(self, typed_at: float) -> None:
        """Begin with the next module where the newest key, and the start, were at least REST_S seconds ago."""
        is_busy = self._thread is not None and self._thread.is_alive()
        if self._left and not is_busy and self._clock() - max(typed_at, self._begun) >= REST_S:
            self._thread = start_once(
                "imports", partial(importlib.import_module, self._left.pop(0)), self._crashed
            )
