"""Pinned run behind the highlighted one, read anew where it changed."""

from collections.abc import Collection, Mapping

from sqlmodel import Session

from engine.store import history
from tui.detail_view import Reference
from tui.feeds.detail_query import DetailQuery
from tui.feeds.run_detail import metric_curves
from tui.run_row import RunRow
from tui.views.pins import pinned_beside


class ReferenceReader:
    """Test accuracy of one pinned run. Used by one thread at a time."""

    def __init__(self) -> None:
        self._known: Reference | None = None
        self._has_curves = False

    def read(
        self,
        session: Session,
        wanted: DetailQuery,
        shown: int | None,
        rows: Mapping[int, RunRow],
        changed: Collection[int],
    ) -> Reference | None:
        """Return the run that was pinned last, but for the one that is `shown`; None where there is no other.
        `changed`: runs that were written to since the last reading."""
        pinned = pinned_beside(wanted.pins, shown, rows.__contains__)
        if pinned is None:
            self._known = None
        elif self._is_old(pinned, wanted) or pinned in changed:
            self._has_curves = wanted.with_curves
            self._known = _read(session, rows[pinned], with_curves=wanted.with_curves)
        return self._known

    def _is_old(self, pinned: int, wanted: DetailQuery) -> bool:
        is_other = self._known is None or self._known.run_id != pinned
        return is_other or self._has_curves != wanted.with_curves


def _read(session: Session, row: RunRow, *, with_curves: bool) -> Reference:
    points = [
        (float(each.epoch), each.test)
        for each in history.accuracies_of(session, [row.id])
        if each.epoch and each.test is not None
    ]
    curves = metric_curves(history.epochs_of(session, row.id)) if with_curves else {}
    return Reference(row.id, row.data, tuple(points), curves)
