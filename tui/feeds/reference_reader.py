"""Pinned run behind the highlighted one, read anew where it changed."""

from collections.abc import Collection, Mapping, Sequence

from sqlmodel import Session

from engine.store import history
from tui.snapshot import Reference, RunRow
from tui.views.pins import pinned_beside


class ReferenceReader:
    """Test accuracy of one pinned run. Used by one thread at a time."""

    def __init__(self) -> None:
        self._known: Reference | None = None

    def read(
        self,
        session: Session,
        pins: Sequence[int],
        shown: int | None,
        rows: Mapping[int, RunRow],
        changed: Collection[int],
    ) -> Reference | None:
        """Return the run that was pinned last, but for the one that is `shown`; None where there is no other.
        `changed`: runs that were written to since the last reading."""
        pinned = pinned_beside(pins, shown, rows.__contains__)
        if pinned is None:
            self._known = None
        elif self._known is None or self._known.run_id != pinned or pinned in changed:
            points = [
                (float(row.epoch), row.test)
                for row in history.accuracies_of(session, [pinned])
                if row.epoch and row.test is not None
            ]
            self._known = Reference(pinned, rows[pinned].data, tuple(points))
        return self._known
