"""What the app shows first, read by a process of its own while this one loads what draws it.

Of the time to the first frame, half went into loading the store's libraries and reading all runs, and half into loading
and laying out what shows them: on two cores the two go on beside each other."""

import os
import pickle
import signal
from dataclasses import dataclass
from typing import BinaryIO

from engine.paths import Home
from tui.feeds.absence import Absence, look_back
from tui.snapshot import Snapshot

OPENED = b"o"


@dataclass(frozen=True)
class FirstLook:
    snapshot: Snapshot
    absence: Absence


class Looking:
    """The reading end of the process that looks."""

    def __init__(self, pid: int, output: BinaryIO) -> None:
        self._pid, self._output = pid, output

    def has_opened(self) -> bool:
        """Whether the store could be opened: waits until that is known."""
        return self._output.read(1) == OPENED

    def look(self) -> FirstLook | None:
        """Waits for it; None where there is none to be had: then one looks for oneself, and finds out why."""
        try:
            with self._output:
                found = self._output.read()
            look = pickle.loads(found) if found else None
        except (OSError, pickle.UnpicklingError, EOFError):
            look = None
        finally:
            os.waitpid(self._pid, 0)
        return look if isinstance(look, FirstLook) else None


def begin(home: Home, *, create: bool) -> Looking:
    """Start looking. To be called while this process has one thread alone. Raises OSError where it may not fork."""
    reading, writing = os.pipe()
    try:
        pid = os.fork()
    except OSError:
        os.close(reading)
        os.close(writing)
        raise
    if pid:
        os.close(writing)
        return Looking(pid, os.fdopen(reading, "rb"))
    try:
        os.close(reading)
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # it ends soon, and what a key ends is the app
        with os.fdopen(writing, "wb") as output:
            _tell(home, output, create=create)
    except BaseException:  # the app looks itself, and says what it meets
        os._exit(1)
    os._exit(0)


def _tell(home: Home, output: BinaryIO, *, create: bool) -> None:
    from tui.feeds.feed import Feed

    feed = Feed(home.database, create=create)
    output.write(OPENED)
    output.flush()
    snapshot = feed.poll(None)
    if snapshot is not None:
        pickle.dump(FirstLook(snapshot, look_back(home)), output, pickle.HIGHEST_PROTOCOL)
