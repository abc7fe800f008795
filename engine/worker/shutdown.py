"""Urgency of a worker's shutdown, as signals and the clock set it."""

import signal
import time
from datetime import datetime, timedelta
from enum import IntEnum
from typing import Any

from engine.store.status import DRAINING, STOPPING


class Urgency(IntEnum):
    """Urgency of a shutdown; each level overrules those before it."""

    NONE = 0
    UNHURRIED = 1
    """SIGUSR1 or the time of --until: the run may take its time to its checkpoint."""
    SOON = 2
    """SIGTERM or SIGINT: within ten seconds."""
    NOW = 3
    """A second of these."""


STOP_SOON, STOP_NOW = signal.SIGRTMIN, signal.SIGRTMIN + 1
"""Signals of a parent of several workers, which counts itself how often it was told: a cluster that stops a job sends
SIGTERM to it and to its workers, who would take what it passes on for the second one."""


class Shutdown:
    """Keeps what was asked so far."""

    def __init__(self, until_s: float | None = None) -> None:
        """`until_s`: when to leave unhurried, in seconds since 1970."""
        self._until_s = until_s
        self._asked, self._stops = Urgency.NONE, 0
        self.after_this_run = False
        """SIGUSR2: no other run is claimed."""

    def listen(self) -> None:
        """Take the signals of this process. SIGHUP does nothing: the terminal may go."""
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
        signal.signal(signal.SIGUSR1, self._on_signal)
        signal.signal(signal.SIGUSR2, self._on_drain)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._on_signal)
        signal.signal(STOP_SOON, lambda *_: self._ask(Urgency.SOON))
        signal.signal(STOP_NOW, lambda *_: self._ask(Urgency.NOW))

    @property
    def urgency(self) -> Urgency:
        if self._until_s is not None and time.time() >= self._until_s:
            return max(self._asked, Urgency.UNHURRIED)
        return self._asked

    def told(self, state: str) -> str:
        """Return the state that the run table is told: that the worker was asked to leave, else its own."""
        if self._asked >= Urgency.SOON:
            return STOPPING
        return DRAINING if self.after_this_run else state

    def ask(self, *, after_this_run: bool) -> None:
        """Take what the run table asks for, as SIGUSR2 and SIGTERM do."""
        if after_this_run:
            self.after_this_run = True
        else:
            self._ask(Urgency.SOON)

    def _ask(self, urgency: Urgency) -> None:
        self._asked = max(self._asked, urgency)

    def _on_drain(self, *_: Any) -> None:
        self.after_this_run = True

    def _on_signal(self, number: int, *_: Any) -> None:
        if number == signal.SIGUSR1:
            self._ask(Urgency.UNHURRIED)
            return
        self._stops += 1
        self._ask(Urgency.SOON if self._stops == 1 else Urgency.NOW)


def next_time(text: str, now: datetime) -> datetime:
    """Return the next local HH:MM after `now`. Raises ValueError if the text is not a time."""
    hour, separator, minute = text.partition(":")
    if not (separator and hour.isascii() and hour.isdecimal() and minute.isascii() and minute.isdecimal()):
        raise ValueError(f"{text!r} is no time: write it like 08:00")
    try:
        found = now.replace(hour=int(hour), minute=int(minute), second=0, microsecond=0)
    except ValueError:
        raise ValueError(f"{text!r} is no time: write it like 08:00") from None
    return found if found > now else found + timedelta(days=1)
