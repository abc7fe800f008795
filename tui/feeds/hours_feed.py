"""Feed of what the devices of the workers did in the last hour."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from engine.files.paths import Home
from engine.hardware.system_history import Series
from tui.lent_stores import borrowed_store
from tui.snapshot import WorkerView


class HoursFeed:
    """Feed of the histories of the workers that are there, by worker. Used by one thread."""

    def __init__(self, home: Home, workers: Callable[[], Iterable[WorkerView]]) -> None:
        self._home, self._workers = home, workers

    def poll(self) -> Mapping[int, Series] | None:
        """Return the histories; None while the run table cannot be read, which other feeds say."""
        from engine.store.errors import StoreError
        from engine.store.system_use import read_hours

        try:
            with borrowed_store(self._home.database) as store, store.read() as session:
                return read_hours(session, [worker.id for worker in self._workers()])
        except StoreError:
            return None

    def close(self) -> None:
        """Nothing is open between two polls."""
