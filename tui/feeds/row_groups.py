"""Groups or sections of the run table's rows, as the user asked for them."""

from collections.abc import Collection, Iterable, Mapping

from sqlmodel import Session

from engine.analysis.groups import Group
from engine.queries.read_groups import groups_with_keys
from engine.spec.run_spec import DEFAULTS
from engine.store.chosen import Chosen
from tui.run_row import RunRow
from tui.views.folding import Folding
from tui.views.group_by import BY_COLUMN, REPETITIONS
from tui.views.sections import Sections


def with_setting(chosen: Chosen, group_by: str) -> Chosen:
    """Return what is read of each run so that the rows can be grouped; a setting that this version does not know, as
    another one may have kept it, is not."""
    if group_by not in DEFAULTS or group_by in (*BY_COLUMN, *chosen.settings):
        return chosen
    return chosen._replace(settings=(*chosen.settings, group_by))


class RowGroups:
    """Rows of groups, made anew where their runs changed."""

    def __init__(self) -> None:
        self.by = ""
        """REPETITIONS, a column or a setting; empty while nothing is grouped."""
        self.rows: Mapping[int, RunRow] = {}
        """By minus the id of the first member."""
        self._metrics: tuple[str, ...] = ()
        self._folding: Folding | Sections | None = None
        self._stale: set[int] = set()
        """Runs that changed since the groups were made."""

    def ask(self, by: str, metrics: tuple[str, ...], run_ids: Collection[int]) -> bool:
        """Return True where other groups are asked for than before: they are made from all runs."""
        if (by, metrics) == (self.by, self._metrics):
            return False
        self.by, self._metrics = by, metrics
        self._folding = None if not by else Folding(metrics) if by == REPETITIONS else Sections(by)
        self.rows, self._stale = {}, set(run_ids)
        return True

    def note(self, run_ids: Iterable[int]) -> None:
        """Take runs whose rows changed though they were not written."""
        self._stale.update(run_ids)

    def update(self, session: Session, rows: Mapping[int, RunRow], changed: Collection[int]) -> None:
        """Make the groups of changed runs anew."""
        stale, self._stale = self._stale.union(changed), set()
        if self._folding is None:
            return

        def read(keys: Collection[str]) -> list[Group]:
            return groups_with_keys(session, keys, self._metrics)

        self.rows = self._folding.update(rows, stale, read)

    def runs_in_detail(self, shown: int) -> set[int]:
        """Return the runs that the detail of a line shows: one, the best of a section, or the members of a group."""
        row = self.rows.get(shown)
        if row is None or row.fold is None:
            return {shown}
        return {row.section.best} if row.section is not None else set(row.fold.members)
