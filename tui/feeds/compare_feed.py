"""Feed of the compared runs and groups, polled in a thread by the timer of their screen."""

import contextlib
import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial

from sqlmodel import Session

from engine.files.paths import Home
from engine.store import listing
from engine.store.database import Store, read_together
from tui.feeds.run_feed import RunFeed
from tui.lent_stores import borrow_store, give_back
from tui.views.compared import Compared, Contender
from tui.views.group_view import GroupView
from tui.views.run_view import RunView

AT_ONCE = 8
PROGRESS_AFTER_S = 1.0
"""Reading that takes longer says how far it is."""


class CompareFeed:
    """Feed that reads the runs that changed and drops those that were removed. Used by one thread at a time."""

    def __init__(
        self,
        home: Home,
        subjects: Sequence[Sequence[int]],
        has_read: Callable[[int], object] = lambda _: None,
    ) -> None:
        """Open the store. `subjects`: the runs of each that is compared, several for a group. Raises StoreError.

        `has_read` takes how many runs a first poll has read that lasts longer than PROGRESS_AFTER_S."""
        self._store: Store = borrow_store(home.database)
        self._subjects = tuple(map(tuple, subjects))
        self._feeds = {run_id: RunFeed(home, run_id, self._store) for ids in self._subjects for run_id in ids}
        self._views: dict[int, RunView] = {}
        self._has_read, self._is_first = has_read, True

    def poll(self) -> Compared | None:
        """Return the views, fewer than two where others were removed; None where nothing changed. Raises StoreError."""
        with self._store.read() as session:
            changes = listing.changes_of(session, self._feeds)
            gone = self._feeds.keys() - changes.keys()
            for run_id in gone:
                del self._feeds[run_id]
                self._views.pop(run_id, None)
            read = self._read_changed(session, changes)
        self._is_first = False
        if not gone and not read:
            return None
        self._views |= read
        contenders = [self._contender(run_ids) for run_ids in self._subjects]
        return Compared(tuple(each for each in contenders if each is not None))

    def _read_changed(self, session: Session, changes: Mapping[int, int]) -> dict[int, RunView]:
        """Read the runs that changed, AT_ONCE of them in as many round trips as one."""
        found, began, run_ids = dict[int, RunView](), time.monotonic(), list(self._feeds)
        for first in range(0, len(run_ids), AT_ONCE):
            if self._is_first and first and time.monotonic() - began >= PROGRESS_AFTER_S:
                self._has_read(first)
            some = run_ids[first : first + AT_ONCE]
            jobs = [partial(self._feeds[each].read_changed, session, changes[each]) for each in some]
            views = zip(some, read_together(session, *jobs), strict=True)
            found |= {run_id: view for run_id, view in views if view is not None}
        return found

    def _contender(self, run_ids: Sequence[int]) -> Contender | None:
        """Return what is left of a run or group; None where nothing is."""
        views = tuple(self._views[run_id] for run_id in sorted(run_ids) if run_id in self._views)
        if not views:
            return None
        return GroupView(views) if len(run_ids) > 1 else views[0]

    def close(self) -> None:
        with contextlib.suppress(OSError):
            give_back(self._store)
