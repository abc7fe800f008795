"""A file lock that is waited for only as long as one wants to, and that ends with its process."""

import contextlib
import fcntl
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO

ASK_EVERY_S = 0.1


class Stopped(Exception):
    """Asked to stop before the first step."""


@contextlib.contextmanager
def locked(path: Path, *, should_stop: Callable[[], bool], waiting: Callable[[], None]) -> Iterator[None]:
    """Hold a lock on a file; `waiting` is called once where another process has it. Raises Stopped."""
    with path.open("a") as handle:
        if not _taken(handle):
            waiting()
            while not _taken(handle):
                if should_stop():
                    raise Stopped
                time.sleep(ASK_EVERY_S)
        yield


def _taken(handle: IO[str]) -> bool:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
