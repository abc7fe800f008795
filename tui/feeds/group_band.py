"""Band of the opened run's group, read from the store where a member has come further."""

from sqlmodel import Session

from engine.queries.read_groups import MemberState, groups_with_keys, states_beside
from engine.store import history
from tui.views.group_band import GroupBand, make_group_band


class GroupBandReader:
    """Band of the group of one run. Used by one thread at a time."""

    def __init__(self) -> None:
        self._states: tuple[MemberState, ...] = ()
        self.band: GroupBand | None = None
        """None for a run that is in no group."""

    def read(self, session: Session, run_id: int) -> bool:
        """Read the band of a run's group anew where a member has another epoch or status; False where all are as they
        were."""
        key, states = states_beside(session, run_id)
        if states == self._states:
            return False
        self._states, before = states, self.band
        groups = groups_with_keys(session, [key]) if len(states) > 1 else []
        group = next((each for each in groups if run_id in each.run_ids), None)
        if group is None:
            self.band = None
        else:
            self.band = make_group_band(group, run_id, history.accuracies_of(session, group.run_ids))
        return self.band != before
