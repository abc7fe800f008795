"""A run and its epochs, of which those that were read before are not read again."""

from collections.abc import Callable, Mapping
from typing import Generic, TypeVar

from sqlmodel import Session

from engine.store import history, listing
from engine.store.database import read_together
from engine.store.epoch_changes import mark_of, read_marks
from engine.store.measurement_tables import EpochMetrics
from engine.store.tables import Run

M = TypeVar("M")


class KnownEpochs(Generic[M]):
    """Epochs of one run at a time, and what is read of their confusion matrices."""

    def __init__(self, read_matrices: Callable[[Session, int, int], Mapping[int, M]]) -> None:
        """`read_matrices` takes a session, a run and an epoch, and gives matrices of later epochs."""
        self._read_matrices = read_matrices
        self._run: tuple[int | None, bool | None] = None, None
        """Run whose epochs these are, and whether its classes were grades: an edit of that changes values of epochs."""
        self.epochs: list[EpochMetrics] = []
        self.matrices: dict[int, M] = {}

    def read(self, session: Session, run_id: int) -> tuple[Run, bool]:
        """Read a run and bring its epochs up to date; False where these are as they were. Raises QueueError where it
        is gone."""
        if self._run[0] != run_id:
            run, _ = read_together(
                session, lambda: listing.get_run(session, run_id), lambda: self._read_all(session, run_id)
            )
            is_new = True
        else:
            run, is_new = read_together(
                session, lambda: listing.get_run(session, run_id), lambda: self._read_more(session, run_id)
            )
            if run.is_ordered != self._run[1]:
                self._read_all(session, run_id)
                is_new = True
        self._run = run_id, run.is_ordered
        return run, is_new

    def _read_more(self, session: Session, run_id: int) -> bool:
        last = self.epochs[-1].epoch if self.epochs else -1
        (known, every), more, matrices = read_together(
            session,
            lambda: read_marks(session, run_id, last),
            lambda: history.epochs_of(session, run_id, after_epoch=last),
            lambda: self._read_matrices(session, run_id, last),
        )
        mine = mark_of(self.epochs)
        if known == mine:
            self.epochs, self.matrices = [*self.epochs, *more], {**self.matrices, **matrices}
        else:
            self._read_all(session, run_id)
        return bool(every != mine)

    def _read_all(self, session: Session, run_id: int) -> None:
        more, matrices = read_together(
            session,
            lambda: history.epochs_of(session, run_id),
            lambda: self._read_matrices(session, run_id, -1),
        )
        self.epochs, self.matrices = more, dict(matrices)
