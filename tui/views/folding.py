"""Rows of the groups: the repetitions of one recipe as one row of the run table. Pure."""

import math
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence

from engine.analysis.finding import SEVERITIES
from engine.store.status import ENDED, Status
from tui.snapshot import Fold, RunRow

STATUS_ORDER: Sequence[Status] = ("running", "queued", "paused", "done", "failed", "cancelled")
"""A group has the first of these statuses that a member has: what goes on, else what came of it."""


def mean_and_sd(values: Collection[float]) -> tuple[float | None, float | None]:
    """Return the mean, and the sample standard deviation (n - 1) of two values or more; None where undefined."""
    if not values:
        return None, None
    mean = math.fsum(values) / len(values)
    if len(values) < 2:
        return mean, None
    return mean, math.sqrt(math.fsum((value - mean) ** 2 for value in values) / (len(values) - 1))


class Folding:
    """Groups of a run table, kept up to date: only those of changed runs are made anew."""

    def __init__(self) -> None:
        self._members: dict[str, set[int]] = defaultdict(set)
        self._group_of: dict[int, str] = {}
        self._rows: dict[str, RunRow] = {}
        self._groups: Mapping[int, RunRow] = {}

    def update(self, rows: Mapping[int, RunRow], changed: Iterable[int]) -> Mapping[int, RunRow]:
        """Return the groups of at least two runs, by minus their first member; the same mapping where none changed."""
        touched: set[str] = set()
        for run_id in changed:
            row, before = rows.get(run_id), self._group_of.get(run_id, "")
            group = row.group if row is not None else ""
            touched |= {before, group}
            if group != before:
                self._members[before].discard(run_id)
                self._members[group].add(run_id)
            if row is None:
                self._group_of.pop(run_id, None)
            else:
                self._group_of[run_id] = group
        if self._refold(rows, touched - {""}):
            self._groups = {row.id: row for row in self._rows.values()}
        return self._groups

    def _refold(self, rows: Mapping[int, RunRow], touched: Iterable[str]) -> bool:
        """Make the rows of these groups anew; False where all are as they were."""
        is_new = False
        for group in touched:
            members = self._members[group]
            row = group_row([rows[run_id] for run_id in sorted(members)]) if len(members) > 1 else None
            if row == self._rows.get(group):
                continue
            is_new = True
            if row is None:
                del self._rows[group]
            else:
                self._rows[group] = row
        return is_new


def group_row(members: Sequence[RunRow]) -> RunRow:
    """Return the row of a group: what its members share, and the means over those that are done."""
    first = members[0]
    done = [row for row in members if row.status == "done"]
    best, best_sd = mean_and_sd([row.best for row in done if row.best is not None])
    kappa, kappa_sd = mean_and_sd([row.kappa for row in done if row.kappa is not None])
    headline, severity, flagged = _gravest(members)
    ends = [row.ends for row in members if row.status not in ENDED]
    return first._replace(
        id=-first.id,
        status=_status(members),
        asked=None,
        name=first.name if all(row.name == first.name for row in members) else "",
        note="",
        tags=tuple(tag for tag in first.tags if all(tag in row.tags for row in members)),
        epoch=min(row.epoch for row in members),
        progress=math.fsum(1.0 if row.status in ENDED else row.progress for row in members) / len(members),
        best=best,
        kappa=kappa,
        headline=headline,
        severity=severity,
        remark="",
        ends=max(ends) if ends and None not in ends else None,  # type: ignore[type-var]
        rank=min(row.rank for row in members),
        cause="",
        metrics=_means(done),
        fold=Fold(
            tuple(row.id for row in members),
            len(done),
            sum(row.status == "failed" for row in members),
            best_sd,
            kappa_sd,
            _seeds(members),
            flagged,
        ),
    )


def _status(members: Sequence[RunRow]) -> Status:
    """Return the first of STATUS_ORDER that a member has."""
    statuses = {row.status for row in members}
    return next(status for status in STATUS_ORDER if status in statuses)


def _gravest(members: Sequence[RunRow]) -> tuple[str, str, int]:
    """Return headline and severity of the members' gravest finding, and how many have it."""
    found = Counter((row.severity, row.headline) for row in members if row.headline)
    if not found:
        return "", "", 0
    ranks = {severity: place for place, severity in enumerate((*SEVERITIES, ""))}
    severity, headline = min(found, key=lambda each: (ranks[each[0]], -found[each], each[1]))
    return headline, severity, found[severity, headline]


def _means(rows: Sequence[RunRow]) -> dict[str, float]:
    keys = dict.fromkeys(key for row in rows for key in row.metrics)
    means = {key: mean_and_sd([row.metrics[key] for row in rows if key in row.metrics])[0] for key in keys}
    return {key: mean for key, mean in means.items() if mean is not None}


def _seeds(members: Sequence[RunRow]) -> str:
    seeds = {row.seed for row in members}
    if len(seeds) < 2:
        return ""
    first, last = min(seeds), max(seeds)
    return f"{first}{'–' if last - first == len(seeds) - 1 else '…'}{last}"
