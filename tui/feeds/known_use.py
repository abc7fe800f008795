"""Use of devices over a run, which is read again only when there is more of it."""

from sqlmodel import Session

from engine.store.system_use import AttemptUse, UseMark, read_mark, read_use


class KnownUse:
    """Histories of the attempts of one run."""

    def __init__(self, run_id: int) -> None:
        self._run_id, self._mark = run_id, UseMark(0, 0.0)
        self._known: tuple[AttemptUse, ...] = ()

    def read(self, session: Session) -> tuple[AttemptUse, ...]:
        """Bring the histories up to date, and return them in order."""
        mark = read_mark(session, self._run_id)
        if mark != self._mark:
            self._known, self._mark = read_use(session, self._run_id), mark
        return self._known
