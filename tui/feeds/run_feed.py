"""Feed of the opened run, polled in a thread by the timer of its screen."""

import contextlib
from collections.abc import Mapping
from dataclasses import replace

from sqlmodel import Session

from engine.files.paths import Home
from engine.spec.grid import load_spec
from engine.store import history, listing
from engine.store.attempt_times import read_time_line
from engine.store.database import Store, read_together
from engine.store.history import PackedMatrix
from tui.detail_view import Curves
from tui.feeds.group_band import GroupBandReader
from tui.feeds.known_epochs import KnownEpochs
from tui.feeds.known_losses import KnownLosses
from tui.feeds.known_use import KnownUse
from tui.feeds.pinned_curves import PinnedCurves
from tui.feeds.run_log import log_tail
from tui.lent_stores import borrow_store, give_back
from tui.views.run_view import RunView, curves_of, make_run_view

LAST_LINES = 6
"""Lines of a failed run's log that are shown with its error."""


class RunFeed:
    """Feed that reads a run when it has changed. Used by one thread at a time."""

    def __init__(
        self,
        home: Home,
        run_id: int,
        store: Store | None = None,
        *,
        with_group: bool = False,
        with_use: bool = False,
        pinned: int | None = None,
    ) -> None:
        """Use a store that the caller closes, or open one; read the run's group, its device's use and the `pinned` run
        where asked.

        Raises StoreError."""
        self._store: Store = store if store is not None else borrow_store(home.database)
        self._log = home.run(run_id).log
        self.run_id = run_id
        self._changed: int | None = None
        self._view: RunView | None = None
        self._group = GroupBandReader() if with_group else None
        self._pinned = PinnedCurves(pinned) if pinned is not None else None
        self._uses = KnownUse(run_id) if with_use else None
        self._known = KnownEpochs[PackedMatrix](_matrices)
        self._losses = KnownLosses(run_id)
        self._curves: Curves = curves_of(())

    def poll(self) -> RunView | None:
        """Read the run; None where nothing changed. Raises StoreError, and QueueError where the run was removed."""
        with self._store.read() as session:
            return self.poll_in(session)

    def poll_in(self, session: Session) -> RunView | None:
        """Poll by a session that the caller has begun."""
        changed, is_other_group, is_other_pinned = read_together(
            session,
            lambda: listing.change_of(session, self.run_id),
            lambda: self._group is not None and self._group.read(session, self.run_id),
            lambda: self._pinned is not None and self._pinned.read(session),
        )
        if self.read_changed(session, changed) is None and not (is_other_group or is_other_pinned):
            return None
        assert self._view is not None
        band = self._group.band if self._group is not None else None
        pinned = self._pinned.run if self._pinned is not None else None
        self._view = replace(self._view, group=band, pinned=pinned)
        return self._view

    def read_changed(self, session: Session, changed: int) -> RunView | None:
        """Read the run where the number of its latest change is not the one that was read; None where it is."""
        if self._view is not None and changed == self._changed:
            return None
        self._view, self._changed = self._read(session), changed
        return self._view

    def _read(self, session: Session) -> RunView:
        """Read what is new of the run."""
        (run, is_new), losses, times, uses = read_together(
            session,
            lambda: self._known.read(session, self.run_id),
            lambda: self._losses.read(session),
            lambda: read_time_line(session, self.run_id),
            lambda: self._uses.read(session) if self._uses is not None else (),
        )
        if is_new:
            self._curves = curves_of(self._known.epochs)
        last_lines = log_tail(self._log, LAST_LINES) if run.status == "failed" else ()
        view = make_run_view(
            run,
            load_spec(run.spec),
            self._known.epochs,
            self._curves,
            losses,
            dict(self._known.matrices),
            last_lines,
            times,
        )
        return replace(view, uses=uses)

    def close(self) -> None:
        with contextlib.suppress(OSError):
            give_back(self._store)


def _matrices(session: Session, run_id: int, after_epoch: int) -> Mapping[int, PackedMatrix]:
    return history.packed_confusions_of(session, run_id, after_epoch=after_epoch)
