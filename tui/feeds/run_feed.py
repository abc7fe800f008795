"""Feed of the opened run, polled in a thread by the timer of its screen."""

import contextlib
from collections.abc import Mapping
from dataclasses import replace

from sqlmodel import Session

from engine.files.paths import Home
from engine.spec.grid import load_spec
from engine.store import history, listing
from engine.store.attempt_times import read_time_line
from engine.store.database import Store, open_store
from engine.store.history import PackedMatrix
from engine.store.tables import EpochMetrics, Run
from tui.feeds.group_band import GroupBandReader
from tui.feeds.run_log import log_tail
from tui.views.run_view import Curves, RunView, curves_of, make_run_view

LAST_LINES = 6
"""Lines of a failed run's log that are shown with its error."""


class RunFeed:
    """Feed that reads a run when it has changed. Used by one thread at a time."""

    def __init__(
        self, home: Home, run_id: int, store: Store | None = None, *, with_group: bool = False
    ) -> None:
        """Use a store that the caller closes, or open one; read the run's group too where asked. Raises StoreError."""
        self._store: Store = store if store is not None else open_store(home.database, create=False)
        self._log = home.run(run_id).log
        self.run_id = run_id
        self._changed: int | None = None
        self._view: RunView | None = None
        self._group = GroupBandReader() if with_group else None
        self._attempts: dict[int, int] = {}
        """The attempt that measured each epoch read so far."""
        self._is_ordered: bool | None = None
        """Whether the classes were in order when the epochs were read: an edit changes their values."""
        self._epochs: list[EpochMetrics] = []
        self._matrices: dict[int, PackedMatrix] = {}
        self._curves: Curves = curves_of(())

    def poll(self) -> RunView | None:
        """Read the run; None where nothing changed. Raises StoreError, and QueueError where the run was removed."""
        with self._store.read() as session:
            run = listing.get_run(session, self.run_id)
            is_other_group = self._group is not None and self._group.read(session, run)
            if self._view is None or run.changed != self._changed:
                self._view = self._read(session, run)
            elif not is_other_group:
                return None
            self._changed = run.changed
            self._view = replace(self._view, group=self._group.band if self._group is not None else None)
            return self._view

    def _read(self, session: Session, run: Run) -> RunView:
        """Read what is new of the run."""
        if run.is_ordered != self._is_ordered:
            self._is_ordered, self._attempts = run.is_ordered, {}
        self._read_epochs(session)
        losses = history.losses_of(session, self.run_id)
        last_lines = log_tail(self._log, LAST_LINES) if run.status == "failed" else ()
        return make_run_view(
            run,
            load_spec(run.spec),
            self._epochs,
            self._curves,
            losses,
            dict(self._matrices),
            last_lines,
            read_time_line(session, self.run_id),
        )

    def _read_epochs(self, session: Session) -> None:
        """Read the epochs from the first on that is new or was measured again."""
        attempts = history.attempts_of_epochs(session, self.run_id)
        if attempts == self._attempts:
            return
        last = last_unchanged(self._attempts, attempts)
        self._epochs = [row for row in self._epochs if row.epoch <= last]
        self._matrices = {epoch: matrix for epoch, matrix in self._matrices.items() if epoch <= last}
        if attempts and max(attempts) > last:
            self._epochs += history.epochs_of(session, self.run_id, after_epoch=last)
            self._matrices |= history.packed_confusions_of(session, self.run_id, after_epoch=last)
        self._attempts, self._curves = attempts, curves_of(self._epochs)

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self._store.close()


def last_unchanged(before: Mapping[int, int], now: Mapping[int, int]) -> int:
    """Return the last epoch up to which both have the same epochs of the same attempts; -1 for none."""
    last = -1
    for (epoch, attempt), found in zip(sorted(before.items()), sorted(now.items()), strict=False):
        if (epoch, attempt) != found:
            break
        last = epoch
    return last
