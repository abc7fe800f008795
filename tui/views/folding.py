"""Rows of the groups: the repetitions of one recipe as one row of the run table. Pure."""

import math
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import TypeAlias

from engine.analysis.finding import SEVERITIES
from engine.analysis.groups import Group
from engine.store.status import ENDED, Status
from tui.formatting import plain
from tui.run_row import Fold, RunRow

STATUS_ORDER: Sequence[Status] = ("running", "queued", "paused", "done", "failed", "cancelled")
"""A group has the first of these statuses that a member has: what goes on, else what came of it."""


Read: TypeAlias = Callable[[Collection[str]], Iterable[Group]]
"""Reads the groups of the runs that have any of these group keys."""


class Folding:
    """Groups of a run table, kept up to date: only those of changed runs are made anew.

    What a group is, and its numbers, the engine says: they are those of `ls --groups`."""

    def __init__(self, metrics: Collection[str] = ()) -> None:
        """`metrics`: those that a user chose."""
        self._metrics = metrics
        self._group_of: dict[int, str] = {}
        self._rows: dict[str, dict[int, RunRow]] = {}
        """Rows of groups by the group key of their runs: of several groups where runs had different data."""
        self._groups: Mapping[int, RunRow] = {}

    def update(self, rows: Mapping[int, RunRow], changed: Iterable[int], read: Read) -> Mapping[int, RunRow]:
        """Return the groups of at least two runs, by minus their first member; the same mapping where none changed."""
        touched: set[str] = set()
        for run_id in changed:
            row, before = rows.get(run_id), self._group_of.pop(run_id, "")
            touched |= {before, row.group if row is not None else ""}
            if row is not None:
                self._group_of[run_id] = row.group
        if self._refold(rows, touched - {""}, read):
            self._groups = {row_id: row for some in self._rows.values() for row_id, row in some.items()}
        return self._groups

    def _refold(self, rows: Mapping[int, RunRow], touched: Collection[str], read: Read) -> bool:
        """Make the rows of the groups of these keys anew; False where all are as they were."""
        found: dict[str, dict[int, RunRow]] = {key: {} for key in touched}
        for group in read(touched) if touched else ():
            members = [rows[run_id] for run_id in group.run_ids if run_id in rows]
            if len(members) == len(group.members):  # else the next poll knows the new one too
                row = group_row(group, members, self._metrics)
                found[members[0].group][row.id] = row
        is_new = False
        for key, some in found.items():
            before = self._rows.pop(key, {})
            if some:
                self._rows[key] = {
                    each: row if row != before.get(each) else before[each] for each, row in some.items()
                }
            is_new |= some != before
        return is_new


def group_row(group: Group, members: Sequence[RunRow], metrics: Collection[str] = ()) -> RunRow:
    """Return the row of a group: what its members share, and what the engine's summary of it says, with the means of
    chosen `metrics`."""
    first = members[0]
    headline, severity, flagged = gravest(members)
    ends = [row.ends for row in members if row.status not in ENDED]
    return first._replace(
        id=-first.id,
        status=status_of(members),
        asked=None,
        name=first.name if all(row.name == first.name for row in members) else "",
        note="",
        tags=tuple(tag for tag in first.tags if all(tag in row.tags for row in members)),
        epoch=min(row.epoch for row in members),
        progress=math.fsum(1.0 if row.status in ENDED else row.progress for row in members) / len(members),
        best=group.spread("test_acc").mean,
        kappa=group.spread("kappa").mean,
        headline=headline,
        severity=severity,
        remark="",
        ends=max(ends) if ends and None not in ends else None,  # type: ignore[type-var]
        rank=min(row.rank for row in members),
        cause="",
        chosen=_chosen(group, members, metrics),
        group=group.key,
        part=(0, 0),
        fold=_fold(group, members, flagged),
    )


def _fold(group: Group, members: Sequence[RunRow], flagged: int) -> Fold:
    """Return what the row says of the whole group; `flagged` members have its finding."""
    best, kappa, last = group.spread("test_acc"), group.spread("kappa"), group.spread("test_acc", "last")
    return Fold(
        members=group.run_ids,
        done=sum(row.status == "done" for row in members),
        failed=sum(row.status == "failed" for row in members),
        best_sd=best.sd,
        kappa_sd=kappa.sd,
        seeds=_seeds(members),
        flagged=flagged,
        n=best.n,
        last=last.mean,
        last_sd=last.sd,
        baseline=group.baseline,
        repeats=tuple(group.repeats),
        counted=tuple(each.run_id for each in group.counted),
        left_out=tuple(map(plain, group.left_out())),
        folds=group.folds,
        fold_of=tuple(each.fold for each in group.members),
    )


def status_of(members: Sequence[RunRow]) -> Status:
    """Return the first of STATUS_ORDER that a member has."""
    statuses = {row.status for row in members}
    return next(status for status in STATUS_ORDER if status in statuses)


def gravest(members: Sequence[RunRow]) -> tuple[str, str, int]:
    """Return headline and severity of the members' gravest finding, and how many have it."""
    found = Counter((row.severity, row.headline) for row in members if row.headline)
    if not found:
        return "", "", 0
    ranks = {severity: place for place, severity in enumerate((*SEVERITIES, ""))}
    severity, headline = min(found, key=lambda each: (ranks[each[0]], -found[each], each[1]))
    return headline, severity, found[severity, headline]


def _chosen(group: Group, members: Sequence[RunRow], metrics: Collection[str]) -> dict[str, float | str]:
    """Return the means of metrics, and the settings that the members share."""
    means = {key: group.spread(key).mean for key in metrics}
    first = members[0].chosen
    shared = {
        key: value
        for key, value in first.items()
        if key not in means and all(row.chosen.get(key) == value for row in members)
    }
    return {**shared, **{key: mean for key, mean in means.items() if mean is not None}}


def _seeds(members: Sequence[RunRow]) -> str:
    seeds = {row.seed for row in members}
    if len(seeds) < 2:
        return ""
    first, last = min(seeds), max(seeds)
    return f"{first}{'–' if last - first == len(seeds) - 1 else '…'}{last}"
