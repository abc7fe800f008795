"""What the app shows first, read by a process of its own while this one loads what draws it.

Of the time to the first frame, half went into loading the store's libraries and reading all runs, and half into loading
and laying out what shows them: on two cores the two go on beside each other."""

import contextlib
import os
import pickle
import select
import signal
from dataclasses import dataclass, replace
from threading import Lock
from typing import TYPE_CHECKING, Any, BinaryIO

from engine.files.paths import Home
from tui.feeds.since_last_visit import Absence, look_back
from tui.preferences.state import last_manner
from tui.snapshot import RunRow, Snapshot
from tui.store_calls import Refused
from tui.views.run_list import QUEUE, SORTS, Wish, arrange

if TYPE_CHECKING:
    from tui.feeds.feed import Feed

OPENED, REFUSED = b"o", b"r"


class CannotOpen(Exception):
    """Why the store could not be opened, as one line for the user."""


@dataclass(frozen=True)
class FirstLook:
    snapshot: Snapshot
    absence: Absence

    def __reduce__(self) -> tuple[Any, ...]:
        """As plain tuples ten thousand rows are packed in half the time."""
        rows = list(map(tuple, self.snapshot.rows.values()))
        return _unpacked, (replace(self.snapshot, rows={}), rows, self.absence)


def _unpacked(snapshot: Snapshot, rows: list[tuple[Any, ...]], absence: Absence) -> FirstLook:
    return FirstLook(replace(snapshot, rows={row.id: row for row in map(RunRow._make, rows)}), absence)


class Lookout:
    """The process that looks, seen from the one that shows."""

    def __init__(self, pid: int, output: BinaryIO) -> None:
        self._pid, self._output = pid, output
        self._one_at_a_time, self._is_buried = Lock(), False

    def answers_within(self, seconds: float) -> bool:
        """Whether it is known by then if the store could be opened."""
        return bool(select.select([self._output], [], [], seconds)[0])

    def has_opened(self) -> bool:
        """Whether the store could be opened: waits until that is known. False where the process is gone without a
        word. Raises CannotOpen."""
        answer = self._output.read(1)
        if answer == REFUSED:
            raise CannotOpen(self._output.read().decode(errors="replace"))
        return answer == OPENED

    def look(self) -> FirstLook | str | None:
        """Waits for it. Why the store could not be read, as one line, where it could not; None where the process is
        gone without a word."""
        try:
            with self._output:
                found = self._output.read()
            look = pickle.loads(found) if found else None
        except (OSError, ValueError, EOFError, pickle.UnpicklingError):
            look = None
        self._bury(0)
        return look if isinstance(look, FirstLook | str) else None

    def give_up(self) -> None:
        """End the process; whoever waits for what it sees gets None."""
        with self._one_at_a_time:
            if not self._is_buried:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(self._pid, signal.SIGTERM)
        self._bury(os.WNOHANG)

    def _bury(self, how: int) -> None:
        """Its number may be another process's afterwards. Where the children of this process are not to be waited for,
        the kernel does it."""
        with self._one_at_a_time:
            try:
                self._is_buried = self._is_buried or os.waitpid(self._pid, how)[0] == self._pid
            except ChildProcessError:
                self._is_buried = True


def begin(home: Home, *, create: bool) -> Lookout:
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
        return Lookout(pid, os.fdopen(reading, "rb"))
    try:
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # who gets the key ends this process too
        os.close(reading)
        with os.fdopen(writing, "wb") as output:
            _tell(home, output, create=create)
    except BaseException:  # the app looks itself, and says what it meets
        os._exit(1)
    os._exit(0)


def _tell(home: Home, output: BinaryIO, *, create: bool) -> None:
    from engine.store.errors import StoreError
    from tui.feeds.feed import Feed

    try:
        feed = Feed(home.database, create=create)
    except StoreError as error:
        output.write(REFUSED + str(error).encode(errors="replace"))
        return
    output.write(OPENED)
    output.flush()
    try:
        found: FirstLook | str = _look(home, feed)
    except StoreError as error:
        found = str(error)
    pickle.dump(found, output, pickle.HIGHEST_PROTOCOL)


def _look(home: Home, feed: "Feed") -> FirstLook:
    """With that run in detail which will be the table's first line, as the user left its order. Raises StoreError."""
    snapshot = feed.poll(None)
    assert snapshot is not None, "a feed's first poll is news"
    manner = last_manner(home)
    if manner.sort in SORTS and (manner.sort != QUEUE or manner.reverse):
        first = next(iter(arrange(snapshot.rows, Wish(sort=manner.sort, reverse=manner.reverse))), None)
        snapshot = feed.poll(first) or snapshot
    try:
        return FirstLook(snapshot, look_back(home))
    except (Refused, OSError):  # it is told at the next start
        return FirstLook(snapshot, Absence(None, ()))
