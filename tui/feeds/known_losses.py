"""Losses of a run, of which those that were read before are not read again."""

from collections.abc import Sequence

from sqlmodel import Session

from engine.store import history
from engine.store.database import read_together
from engine.store.epoch_changes import LossesMark, read_losses_mark
from engine.store.history import Losses


class KnownLosses:
    """Loss buckets of one run."""

    def __init__(self, run_id: int) -> None:
        self._run_id = run_id
        self._attempt = -1
        self._known: list[Losses] = []

    def read(self, session: Session) -> Sequence[Losses]:
        """Bring the losses up to date, and return them in order."""
        last = self._known[-1].bucket if self._known else 0
        mark, more = read_together(
            session,
            lambda: read_losses_mark(session, self._run_id, last),
            lambda: history.losses_of(session, self._run_id, first_bucket=last),
        )
        if self._known and mark != LossesMark(self._attempt, len(self._known) - 1):
            self._known, more = [], history.losses_of(session, self._run_id)
        self._attempt, self._known = mark.attempt, [*self._known[:-1], *more]
        return self._known
