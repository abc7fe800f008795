"""Detail of a group, read from its members' epochs."""

from collections.abc import Mapping, Sequence
from itertools import groupby
from operator import attrgetter

from sqlmodel import Session

from engine.store import history, listing
from engine.store.history import Accuracies
from tui.detail_view import Detail
from tui.run_row import RunRow
from tui.views.group_detail import Member, make_group_detail


def read_group_detail(session: Session, group: RunRow, rows: Mapping[int, RunRow]) -> Detail:
    """Read the detail of a group of the run table."""
    assert group.fold is not None
    members = [rows[run_id] for run_id in group.fold.members if run_id in rows]
    epochs = {
        run_id: list(some)
        for run_id, some in groupby(
            history.accuracies_of(session, [row.id for row in members]), key=attrgetter("run_id")
        )
    }
    summed = set(group.fold.counted or group.fold.members) & epochs.keys()
    found = [
        Member(
            row,
            tuple(epochs.get(row.id, ())),
            _newest_matrix(session, epochs[row.id]) if row.id in summed else None,
        )
        for row in members
    ]
    first = listing.get_run(session, members[0].id)
    baseline = group.fold.baseline if group.fold.baseline is not None else first.baseline
    return make_group_detail(group, found, baseline, first.class_names)


def _newest_matrix(session: Session, epochs: Sequence[Accuracies]) -> history.Matrix | None:
    return history.confusion_of(session, epochs[-1].run_id, epochs[-1].epoch)
