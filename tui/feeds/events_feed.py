"""Feed of the latest events, for the journal."""

from datetime import UTC, datetime, timedelta

from engine.analysis.news import Events
from engine.files.paths import Home
from engine.queries.read_events import Version, read_events, version_of_events
from tui.lent_stores import borrow_store, give_back

DAYS = 7
MOST = 200
"""Ends that are read."""


class EventsFeed:
    """Feed that reads the events of the last DAYS days when one is new. Used by one thread at a time."""

    def __init__(self, home: Home) -> None:
        """Open the store. Raises StoreError."""
        self._store = borrow_store(home.database)
        self._version: Version | None = None

    def poll(self) -> Events | None:
        """Read the events; None where nothing changed. Raises StoreError."""
        since = datetime.now(UTC) - timedelta(days=DAYS)
        with self._store.read() as session:
            version = version_of_events(session, since)
            if version == self._version:
                return None
            self._version = version
            return read_events(session, since, MOST)

    def close(self) -> None:
        give_back(self._store)
