"""Lines of the run table while groups are folded: groups, the members of the opened ones, and single runs. Pure."""

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, field
from functools import cached_property

from tui.run_row import RunRow
from tui.views.run_list import TableQuery, arrange, ordered

CLOSED, OPENED = "▸", "▾"
MEMBER, LAST_MEMBER = MEMBERS = "├", "└"


@dataclass(frozen=True)
class Lines:
    """Lines of the table in their order; a group's number is minus that of its first member."""

    keys: tuple[int, ...] = ()
    guides: Mapping[int, str] = field(default_factory=dict)
    """Mark before a line: whether a group is opened, or that a run belongs to the group above it."""
    members: Mapping[int, tuple[int, ...]] = field(default_factory=dict)
    """Members that the filter leaves in each group that is shown."""

    @cached_property
    def run_ids(self) -> list[int]:
        """Return all runs that the filter leaves, those of closed groups too, in order."""
        return self.runs_of(self.keys)

    def runs_of(self, keys: Sequence[int]) -> list[int]:
        """Return the runs of some lines, each once; a group's are its members."""
        return list(dict.fromkeys(run_id for key in keys for run_id in self.members.get(key, (key,))))

    def subjects(self, marked: Set[int], groups: Mapping[int, RunRow]) -> list[tuple[int, ...]]:
        """Return what of the marked is compared, in order: a group of which all members are marked as one, else each
        run. A group of which the filter hides members is never one: its numbers would be others; nor is a section."""
        found: dict[tuple[int, ...], None] = {}
        for key in self.keys:
            fold = groups[key].fold if key in groups and groups[key].section is None else None
            if fold is not None and marked >= set(fold.members):
                found[fold.members] = None
            else:
                found |= dict.fromkeys(
                    (run_id,) for run_id in self.members.get(key, (key,)) if run_id in marked
                )
        inside = {run_id for some in found if len(some) > 1 for run_id in some}
        return [some for some in found if len(some) > 1 or some[0] not in inside]


def arrange_lines(
    rows: Mapping[int, RunRow], groups: Mapping[int, RunRow], query: TableQuery, opened: Set[str]
) -> Lines:
    """Return the lines in the order of the query; `opened` groups are followed by their members.

    A group is judged by its mean where the filter speaks of results, so that its luckiest member does not stand for it;
    where the filter speaks of anything else, a group stays as long as any member fits."""
    if not groups:
        return Lines(arrange(rows, query))
    members = {key: some for key, row in groups.items() if (some := _fitting(rows, row, query))}
    inside = {run_id for row in groups.values() if row.fold is not None for run_id in row.fold.members}
    singles = [row for run_id, row in rows.items() if run_id not in inside]
    if query.terms:
        singles = [row for row in singles if query.fits(row)]
    keys: list[int] = []
    guides: dict[int, str] = {}
    for row in ordered([*singles, *(groups[key] for key in members)], query):
        keys.append(row.id)
        if row.fold is None:
            continue
        guides[row.id] = OPENED if row.group in opened else CLOSED
        if row.group in opened:
            shown = [each.id for each in ordered([rows[run_id] for run_id in members[row.id]], query)]
            keys += shown
            guides |= dict.fromkeys(shown, MEMBER) | {shown[-1]: LAST_MEMBER}
    return Lines(tuple(keys), guides, members)


def _fitting(rows: Mapping[int, RunRow], group: RunRow, query: TableQuery) -> tuple[int, ...]:
    """Return the members of a group that fit the filter."""
    assert group.fold is not None
    if not query.terms:
        return group.fold.members
    if group.section is not None:
        return tuple(run_id for run_id in group.fold.members if query.fits(rows[run_id]))
    if not all(term.fits(group) for term in query.terms if term.is_of_result):
        return ()
    others = [term for term in query.terms if not term.is_of_result]
    return tuple(run_id for run_id in group.fold.members if all(term.fits(rows[run_id]) for term in others))
