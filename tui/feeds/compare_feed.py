"""Feed of the compared runs and groups, polled in a thread by the timer of their screen."""

import contextlib
import time
from collections.abc import Callable, Sequence

from engine.files.paths import Home
from engine.store.database import Store, open_store
from engine.store.errors import QueueError
from tui.feeds.run_feed import RunFeed
from tui.views.compared import Compared, Contender
from tui.views.group_view import GroupView
from tui.views.run_view import RunView

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
        self._store: Store = open_store(home.database, create=False)
        self._subjects = tuple(map(tuple, subjects))
        self._feeds = {run_id: RunFeed(home, run_id, self._store) for ids in self._subjects for run_id in ids}
        self._views: dict[int, RunView] = {}
        self._has_read, self._is_first = has_read, True

    def poll(self) -> Compared | None:
        """Return the views, fewer than two where others were removed; None where nothing changed. Raises StoreError."""
        has_changed, began = False, time.monotonic()
        for number, (run_id, feed) in enumerate(list(self._feeds.items())):
            if self._is_first and number and time.monotonic() - began >= PROGRESS_AFTER_S:
                self._has_read(number)
            try:
                view = feed.poll()
            except QueueError:
                del self._feeds[run_id]
                self._views.pop(run_id, None)
                has_changed = True
                continue
            if view is not None:
                self._views[run_id] = view
                has_changed = True
        self._is_first = False
        if not has_changed:
            return None
        contenders = [self._contender(run_ids) for run_ids in self._subjects]
        return Compared(tuple(each for each in contenders if each is not None))

    def _contender(self, run_ids: Sequence[int]) -> Contender | None:
        """Return what is left of a run or group; None where nothing is."""
        views = tuple(self._views[run_id] for run_id in sorted(run_ids) if run_id in self._views)
        if not views:
            return None
        return GroupView(views) if len(run_ids) > 1 else views[0]

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self._store.close()
