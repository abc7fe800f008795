"""Curves of the pinned run behind those of the opened one, read anew where it changed."""

from collections.abc import Mapping

from sqlmodel import Session

from engine.store import listing
from engine.store.errors import QueueError
from engine.store.history import PackedMatrix
from tui.feeds.known_epochs import KnownEpochs
from tui.formatting import plain
from tui.views.run_view import PinnedRun, curves_of
from tui.views.x_axis import Pace


class PinnedCurves:
    """Curves of one run without its matrices. Used by one thread at a time."""

    def __init__(self, run_id: int) -> None:
        self._run_id = run_id
        self._known = KnownEpochs[PackedMatrix](_no_matrices)
        self._changed: int | None = None
        self.run: PinnedRun | None = None
        """None before it is read, and where it was removed."""

    def read(self, session: Session) -> bool:
        """Read what is new of the run; False where nothing is."""
        before = self.run
        try:
            changed = listing.change_of(session, self._run_id)
            if changed != self._changed:
                self.run, self._changed = self._read(session), changed
        except QueueError:
            self.run, self._changed = None, None
        return self.run != before

    def _read(self, session: Session) -> PinnedRun:
        run, _ = self._known.read(session, self._run_id)
        curves = curves_of(self._known.epochs)
        return PinnedRun(self._run_id, plain(run.data), curves, Pace(run.steps_per_epoch, curves["seconds"]))


def _no_matrices(_session: Session, _run_id: int, _after_epoch: int) -> Mapping[int, PackedMatrix]:
    return {}
