"""What the worker tells its training process, through standard input and signals. No torch in here."""

import os
import signal
import sys
import threading
from collections.abc import Callable

from engine.store.claims import Claim

TRAIN = "train"


class Orders:
    """Which run to train, and why to stop, as soon as somebody says so."""

    def __init__(self) -> None:
        self.reason: str | None = None
        """cancel, pause or stop."""
        self.held: Claim | None = None
        self._given = threading.Event()

    def listen(self, begin: Callable[[Claim], None]) -> None:
        """Listen to the worker and to signals; `begin` is called with the run before it is told to `wait_for_run`.

        A process without a run has nothing to lose: it leaves at once when told to, or when its worker has gone."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: self._stop("stop"))
        threading.Thread(target=self._read, args=(begin,), daemon=True).start()

    def wait_for_run(self) -> Claim:
        self._given.wait()
        assert self.held is not None
        return self.held

    def is_set(self) -> bool:
        return self.reason is not None

    def _read(self, begin: Callable[[Claim], None]) -> None:
        for line in sys.stdin:
            word, *numbers = line.split()
            if word == TRAIN:
                self.held = Claim(*map(int, numbers))
                begin(self.held)
                self._given.set()
            else:
                self._stop(word)
        self._stop("stop")

    def _stop(self, reason: str) -> None:
        if self.held is None:
            os._exit(0)
        self.reason = self.reason or reason
