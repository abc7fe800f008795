"""Detail of the highlighted run, read anew as far as it changed."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from sqlmodel import Session

from engine.store import history
from engine.store.history import PackedMatrix
from engine.store.measurement_tables import EpochMetrics
from engine.store.tables import Run
from tui.detail_view import Curves, Detail
from tui.feeds.known_epochs import KnownEpochs
from tui.snapshot_rows import make_detail


class RunDetailReader:
    """Reads one run at a time, and keeps its epochs until another is read."""

    def __init__(self) -> None:
        self._known = KnownEpochs[PackedMatrix](_newest)
        self._run: Run | None = None

    def read(self, session: Session, run_id: int) -> None:
        """Read what is new of a run. Raises QueueError where it is gone."""
        self._run, _ = self._known.read(session, run_id)

    @property
    def group_key(self) -> str:
        """Group key of the run that was read last; empty before there is one."""
        return self._run.group_key if self._run is not None else ""

    def detail(self, waiting: str, settings: str, *, with_curves: bool) -> Detail:
        """Return the detail of the run that was read last. `waiting`: why it waits; `settings`: those that tell it from
        runs that look like it; `with_curves`: with those of all metrics."""
        assert self._run is not None
        epochs = self._known.epochs
        newest = self._known.matrices.get(epochs[-1].epoch) if epochs else None
        matrix = newest.unpacked() if newest is not None else None
        detail = make_detail(self._run, epochs, matrix, waiting, settings)
        return replace(detail, curves=metric_curves(epochs)) if with_curves else detail


def metric_curves(epochs: Sequence[EpochMetrics]) -> Curves:
    """Return the curve of each metric that is one number."""
    from tui.views.run_view import curves_of  # knows all metrics, for which the first frame does not wait

    return curves_of(epochs)


def _newest(session: Session, run_id: int, after_epoch: int) -> Mapping[int, PackedMatrix]:
    return history.packed_confusions_of(session, run_id, after_epoch=after_epoch, newest_alone=True)
