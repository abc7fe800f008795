"""A file lock that is waited for only as long as one wants to, and that ends with its process."""

import contextlib
import fcntl
import os
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
    """The open file that holds the lock until it is closed; None where another process has it.

    Who holds a lock may remove its file. Then a lock on that file is nobody's, and the one of its name counts."""
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
