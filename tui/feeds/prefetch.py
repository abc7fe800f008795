"""Prefetch of the first snapshot: a child process reads the run table while this one imports and lays out the app.

Half of the time to the first frame went into importing the store's libraries and reading all runs, the other half
into importing and laying out the widgets. On two cores both halves run in parallel."""

import contextlib
import os
import pickle
import select
import signal
from dataclasses import dataclass, replace
from threading import Lock
from typing import TYPE_CHECKING, Any, BinaryIO

from engine.files.paths import Home
from engine.store import ready_file
from tui.feeds.detail_query import detail_query
from tui.feeds.since_last_visit import SinceLastVisit, read_since_last_visit
from tui.preferences.state import load_preferences
from tui.run_row import RunRow
from tui.snapshot import Snapshot
from tui.store_calls import Refused
from tui.views.run_lines import arrange_lines
from tui.views.run_list import TableQuery
from tui.views.table_choice import table_choice
from tui.views.table_columns import SORTS

if TYPE_CHECKING:
    from tui.feeds.run_table_feed import RunTableFeed

OPENED, REFUSED = b"o", b"r"


class CannotOpen(Exception):
    """Store that could not be opened; one line for the user."""


@dataclass(frozen=True)
class FirstLook:
    """First snapshot, and what happened since the user's last visit."""

    snapshot: Snapshot
    since_last_visit: SinceLastVisit

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle rows as plain tuples, which takes half the time for ten thousand."""
        rows = list(map(tuple, self.snapshot.rows.values()))
        return _unpacked, (replace(self.snapshot, rows={}), rows, self.since_last_visit)  # groups are few


def _unpacked(snapshot: Snapshot, rows: list[tuple[Any, ...]], since_last_visit: SinceLastVisit) -> FirstLook:
    return FirstLook(
        replace(snapshot, rows={row.id: row for row in map(RunRow._make, rows)}), since_last_visit
    )


class Prefetch:
    """Child process that reads the run table, seen from its parent."""

    def __init__(self, pid: int, output: BinaryIO) -> None:
        self._pid, self._output = pid, output
        self._lock, self._is_reaped = Lock(), False

    def answers_within(self, seconds: float) -> bool:
        """Wait up to `seconds` until the child says whether it could open the store."""
        return bool(select.select([self._output], [], [], seconds)[0])

    def has_opened(self) -> bool:
        """Wait until the child has opened the store; False where it died first. Raises CannotOpen."""
        answer = self._output.read(1)
        if answer == REFUSED:
            raise CannotOpen(self._output.read().decode(errors="replace"))
        return answer == OPENED

    def result(self) -> FirstLook | str | None:
        """Wait for the child's result: one line for the user where it could not read the store, None where it died."""
        try:
            with self._output:
                found = self._output.read()
            look = pickle.loads(found) if found else None
        except (OSError, ValueError, EOFError, pickle.UnpicklingError):
            look = None
        self._reap(0)
        return look if isinstance(look, FirstLook | str) else None

    def cancel(self) -> None:
        """Kill the child; a thread that waits for its result gets None."""
        with self._lock:
            if not self._is_reaped:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(self._pid, signal.SIGTERM)
        self._reap(os.WNOHANG)

    def _reap(self, options: int) -> None:
        """Reap the child once, because its pid may belong to another process afterwards.

        Where SIGCHLD is ignored, the kernel has reaped it."""
        with self._lock:
            try:
                self._is_reaped = self._is_reaped or os.waitpid(self._pid, options)[0] == self._pid
            except ChildProcessError:
                self._is_reaped = True


def start(home: Home, *, create: bool) -> Prefetch:
    """Fork the child; call it while this process has a single thread. Raises OSError where the fork fails."""
    reading, writing = os.pipe()
    try:
        pid = os.fork()
    except OSError:
        os.close(reading)
        os.close(writing)
        raise
    if pid:
        os.close(writing)
        return Prefetch(pid, os.fdopen(reading, "rb"))
    try:
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # ctrl+c ends the parent, which ends this process
        os.close(reading)
        with os.fdopen(writing, "wb") as output:
            _report(home, output, create=create)
    except BaseException:  # the app then reads the table itself and shows the error
        os._exit(1)
    os._exit(0)


def _report(home: Home, output: BinaryIO, *, create: bool) -> None:
    def say_opened() -> None:
        output.write(OPENED)
        output.flush()

    # Where a file is ready, the app need not wait for the store's libraries.
    has_said = home.database_file is not None and ready_file.is_ready(home.database_file)
    if has_said:
        say_opened()
    from engine.store.errors import StoreError
    from tui.feeds.run_table_feed import RunTableFeed

    try:
        feed = RunTableFeed(home.database, create=create)
        if not has_said:
            say_opened()
            has_said = True
        found: FirstLook | str = first_look(home, feed)
    except StoreError as error:
        if not has_said:
            output.write(REFUSED + str(error).encode(errors="replace"))
            return
        found = str(error)
    pickle.dump(found, output, pickle.HIGHEST_PROTOCOL)


def first_look(home: Home, feed: "RunTableFeed") -> FirstLook:
    """Poll a new feed, with the first run in the user's sort order in detail. Raises StoreError."""
    preferences = load_preferences(home)
    choice, group_by = table_choice(preferences.columns), preferences.groups
    snapshot = feed.poll(None, choice.chosen, group_by=group_by, detail=detail_query(preferences))
    assert snapshot is not None, "a feed's first poll is news"
    has_order = preferences.sort in (*SORTS, *choice.keys)
    query = TableQuery(sort=preferences.sort, reverse=preferences.reverse) if has_order else TableQuery()
    if snapshot.groups or query != TableQuery():
        keys = arrange_lines(snapshot.rows, snapshot.groups, query, set()).keys
        first = next(iter(keys), None)
        snapshot = (
            feed.poll(first, choice.chosen, group_by=group_by, detail=detail_query(preferences)) or snapshot
        )
    try:
        return FirstLook(snapshot, read_since_last_visit(home))
    except (Refused, OSError):  # the news are shown at the next start
        return FirstLook(snapshot, SinceLastVisit(None, ()))
