"""File lock with a wait that can be stopped; it ends with the process that holds it."""

import contextlib
import fcntl
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO

ASK_EVERY_S = 0.1


class Stopped(Exception):
    """Raised where a run is asked to stop before its first step."""


@contextlib.contextmanager
def locked(path: Path, *, should_stop: Callable[[], bool], waiting: Callable[[], None]) -> Iterator[None]:
    """Hold a lock on a file; call `waiting` once where another process holds it. Raises Stopped."""
    handle = taken(path)
    if handle is None:
        waiting()
        while (handle := taken(path)) is None:
            if should_stop():
                raise Stopped
            time.sleep(ASK_EVERY_S)
    with handle:
        yield


def taken(path: Path) -> IO[str] | None:
    """Return the open file that holds the lock until it is closed; None where another process holds it.

    The holder may delete the file. A lock on a deleted file counts for nothing, so that the file of this name is
    opened and locked again."""
    while True:
        handle = path.open("a")
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if _is_called(handle, path):
                return handle
        except BlockingIOError:
            handle.close()
            return None
        except BaseException:
            handle.close()
            raise
        handle.close()


def _is_called(handle: IO[str], path: Path) -> bool:
    with contextlib.suppress(FileNotFoundError):
        return os.path.samestat(os.fstat(handle.fileno()), os.stat(path))
    return False
