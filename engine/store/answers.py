"""Latest answer of a server to each thread: who waits for many of them is not met by silence."""

import threading
import time

_heard: dict[int, float] = {}
"""By thread."""


def note_answer() -> None:
    """Note that this thread was answered just now, or has been busy by itself until now."""
    _heard[threading.get_ident()] = time.monotonic()


def answered_at(thread: int | None) -> float:
    """Return the time of the latest answer to a thread, by the monotonic clock; 0 where there was none."""
    return _heard.get(thread or 0, 0.0)
