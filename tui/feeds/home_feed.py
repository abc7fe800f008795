"""Feed of the home screen: the prefetched snapshot, then new ones as the run table changes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.files.paths import Home
from engine.store.answers import note_answer
from engine.store.chosen import NOTHING, Chosen
from tui.feeds.detail_query import NOTHING_MORE, DetailQuery
from tui.feeds.prefetch import FirstLook, Prefetch, first_look
from tui.snapshot import Snapshot
from tui.store_calls import Refused

if TYPE_CHECKING:
    from tui.feeds.run_table_feed import RunTableFeed


class HomeFeed:
    """Feed of Home. Used by one thread, which imports the store after the prefetched snapshot is drawn."""

    def __init__(self, home: Home, *, create: bool, prefetched: Prefetch | None) -> None:
        self._home, self._create, self._prefetched = home, create, prefetched
        self._known: Snapshot | None = None
        """Snapshot that the feed starts from; None after a failure, so that all runs are read again."""
        self._feed: RunTableFeed | None = None
        self._has_looked = False

    def poll(
        self,
        run_id: int | None,
        chosen: Chosen = NOTHING,
        *,
        group_by: str = "",
        workers_to_come: str = "",
        detail: DetailQuery = NOTHING_MORE,
    ) -> FirstLook | Snapshot | None:
        """Return the first look once, then the newest snapshot with `run_id` in detail, or None where nothing changed.
        The others are those of `RunTableFeed.poll`.

        Raises Refused where the run table cannot be read; the next poll opens it again."""
        if self._prefetched is not None:
            prefetched, self._prefetched = self._prefetched, None
            result = prefetched.result()
            if isinstance(result, FirstLook):
                self._known = result.snapshot
                self._has_read()
                return result
            if result is not None:
                raise Refused(result)
        return self._read(run_id, chosen, group_by, workers_to_come, detail)

    def _read(
        self,
        run_id: int | None,
        chosen: Chosen,
        group_by: str,
        workers_to_come: str,
        detail: DetailQuery,
    ) -> FirstLook | Snapshot | None:
        from engine.store.errors import StoreError
        from tui.feeds.run_table_feed import RunTableFeed

        if self._feed is None:
            note_answer()  # the modules took their time, not the server
        try:
            if self._feed is None:
                known, self._known = self._known, None
                self._feed = RunTableFeed(self._home.database, create=self._create, known=known)
            if self._has_looked:
                found: FirstLook | Snapshot | None = self._feed.poll(
                    run_id, chosen, group_by=group_by, workers_to_come=workers_to_come, detail=detail
                )
            else:
                found = first_look(self._home, self._feed)
        except StoreError as error:
            self.close()
            raise Refused(str(error)) from error
        if found is not None:
            self._has_read()
        return found

    def _has_read(self) -> None:
        """Note a successful read: from now on a missing run table is an error and is not created again."""
        self._has_looked, self._create = True, False

    def close(self) -> None:
        feed, self._feed = self._feed, None
        if feed is not None:
            feed.close()
