"""Feed of the opened run, polled in a thread by the timer of its screen."""

import contextlib

from engine.files.paths import Home
from engine.spec.grid import load_spec
from engine.store import history, listing
from engine.store.database import Store, open_store
from engine.store.history import Matrix
from tui.feeds.run_log import log_tail
from tui.views.run_view import RunView, make_run_view

LAST_LINES = 6
"""Lines of a failed run's log that are shown with its error."""


class RunFeed:
    """Feed that reads a run when it has changed. Used by one thread at a time."""

    def __init__(self, home: Home, run_id: int, store: Store | None = None) -> None:
        """Use a store that the caller closes, or open one. Raises StoreError."""
        self._store: Store = store if store is not None else open_store(home.database, create=False)
        self._log = home.run(run_id).log
        self.run_id = run_id
        self._changed: int | None = None
        self._matrices: dict[tuple[int, int], Matrix] = {}
        """Matrices by epoch and the attempt that measured it."""

    def poll(self) -> RunView | None:
        """Read the run; None where nothing changed. Raises StoreError, and QueueError where the run was removed."""
        with self._store.read() as session:
            run = listing.get_run(session, self.run_id)
            if run.changed == self._changed:
                return None
            self._changed = run.changed
            epochs = history.epochs_of(session, self.run_id)
            matrices = {}
            for row in epochs:
                key = row.epoch, row.attempt
                if key not in self._matrices:
                    found = history.confusion_of(session, self.run_id, row.epoch)
                    if found is None:
                        continue
                    self._matrices[key] = found
                matrices[row.epoch] = self._matrices[key]
            losses = history.losses_of(session, self.run_id)
            last_lines = log_tail(self._log, LAST_LINES) if run.status == "failed" else ()
            return make_run_view(run, load_spec(run.spec), epochs, losses, matrices, last_lines)

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self._store.close()
