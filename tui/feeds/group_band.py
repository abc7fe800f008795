"""Band of the opened run's group, read from the store where a member has come further."""

from sqlmodel import Session

from engine.queries.read_groups import MemberState, groups_with_keys, states_of_group
from engine.store import history
from engine.store.tables import Run
from tui.views.group_band import GroupBand, make_group_band


class GroupBandReader:
    """Band of the group of one run. Used by one thread at a time."""

    def __init__(self) -> None:
        self._states: tuple[MemberState, ...] = ()
        self.band: GroupBand | None = None
        """None for a run that is in no group."""

    def read(self, session: Session, run: Run) -> bool:
        """Read the band anew where a member has another epoch or status; False where all are as they were."""
        states = states_of_group(session, run.group_key)
        if states == self._states:
            return False
        self._states, before = states, self.band
        groups = groups_with_keys(session, [run.group_key]) if len(states) > 1 else []
        group = next((each for each in groups if run.id in each.run_ids), None)
        if group is None or run.id is None:
            self.band = None
        else:
            self.band = make_group_band(group, run.id, history.accuracies_of(session, group.run_ids))
        return self.band != before
