"""Signals that end the app: the terminal is given back first, and the exit status is the signal's."""

import os
import signal
import threading
from collections.abc import Callable
from typing import Any, Protocol

ENDING = (signal.SIGHUP, signal.SIGINT, signal.SIGQUIT, signal.SIGTERM)
GRACE_S = 3.0
"""Seconds in which the app ends by itself; edits under way are written in them."""


class Leavable(Protocol):
    """App that can be told to end."""

    @property
    def has_terminal(self) -> bool: ...
    def leave(self) -> None: ...
    def give_terminal_back(self) -> None: ...
    def has_written(self, patience_s: float | None = None) -> bool: ...


class Leaving:
    """Context in which a signal ends the app: the first asks it to, a second or a while without an end forces it."""

    def __init__(self, app: Leavable) -> None:
        self._app = app
        self._asked: signal.Signals | None = None
        self._before: dict[signal.Signals, Any] = {}

    def __enter__(self) -> "Leaving":
        for number in ENDING:
            # Who ignores the hangup of a terminal still has none to show the app on.
            if signal.getsignal(number) is not signal.SIG_IGN or number == signal.SIGHUP:
                self._before[number] = signal.signal(number, self._on_signal)
        return self

    def __exit__(self, *_: object) -> None:
        if self._asked is not None:
            self._app.has_written(GRACE_S)
            die_by(self._asked)
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _on_signal(self, number: int, _frame: object) -> None:
        received = signal.Signals(number)
        if self._asked is not None or not self._app.has_terminal:
            self._app.give_terminal_back()
            die_by(received)
        self._asked = received
        _after(GRACE_S, self._force)
        self._app.leave()

    def _force(self) -> None:
        """End the process from another thread: this one hangs."""
        assert self._asked is not None
        self._app.give_terminal_back()
        os._exit(128 + self._asked)


def die_by(number: signal.Signals) -> None:
    """End as by a signal that nobody handles."""
    signal.signal(number, signal.SIG_DFL)
    os.kill(os.getpid(), number)


def _after(seconds: float, call: Callable[[], None]) -> None:
    timer = threading.Timer(seconds, call)
    timer.daemon = True
    timer.start()
