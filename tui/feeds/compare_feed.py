"""Feed of the compared runs, polled in a thread by the timer of their screen."""

import contextlib
from collections.abc import Sequence

from engine.files.paths import Home
from engine.store.database import Store, open_store
from engine.store.errors import QueueError
from tui.feeds.run_feed import RunFeed
from tui.views.compared import Compared
from tui.views.run_view import RunView


class CompareFeed:
    """Feed that reads the runs that changed and drops those that were removed. Used by one thread at a time."""

    def __init__(self, home: Home, run_ids: Sequence[int]) -> None:
        """Open the store. Raises StoreError."""
        self._store: Store = open_store(home.database, create=False)
        self._feeds = {run_id: RunFeed(home, run_id, self._store) for run_id in run_ids}
        self._views: dict[int, RunView] = {}

    def poll(self) -> Compared | None:
        """Return the views, fewer than two where others were removed; None where nothing changed. Raises StoreError."""
        has_changed = False
        for run_id, feed in list(self._feeds.items()):
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
        return Compared(tuple(self._views[run_id] for run_id in self._feeds)) if has_changed else None

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self._store.close()
