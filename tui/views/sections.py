"""Sections of the run table: the runs that share a value of a column or setting, below one heading. Pure."""

import hashlib
import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from engine.store.status import ENDED
from tui.formatting import plain
from tui.run_row import Fold, RunRow, Section
from tui.views.folding import gravest, status_of
from tui.views.group_by import value_of

NONE = "none"
"""Said for an empty value, such as a run of no sweep."""


class Sections:
    """Sections of a run table, kept up to date: only those of changed runs are made anew."""

    def __init__(self, by: str) -> None:
        """`by`: a key of BY_COLUMN, or a setting that the rows have among their chosen values."""
        self._by = by
        self._value_of: dict[int, str] = {}
        self._members: dict[str, set[int]] = {}
        self._sections: dict[str, RunRow] = {}
        self._rows: Mapping[int, RunRow] = {}

    def update(
        self, rows: Mapping[int, RunRow], changed: Iterable[int], _read: object = None
    ) -> Mapping[int, RunRow]:
        """Return the section of each value, by minus its first run; the same mapping where none changed."""
        touched: set[str] = set()
        for run_id in changed:
            before = self._value_of.pop(run_id, None)
            if before is not None:
                self._members[before].discard(run_id)
                touched.add(before)
            if run_id in rows:
                value = self._value_of[run_id] = value_of(rows[run_id], self._by)
                self._members.setdefault(value, set()).add(run_id)
                touched.add(value)
        is_new = False
        for value in touched:
            known = self._sections.pop(value, None)
            members = [rows[run_id] for run_id in sorted(self._members[value])]
            section = section_row(self._by, value, members) if members else None
            if section is not None:
                self._sections[value] = known if known == section else section
            is_new |= section != known
        if is_new:
            self._rows = {row.id: row for row in self._sections.values()}
        return self._rows


def section_row(by: str, value: str, members: Sequence[RunRow]) -> RunRow:
    """Return the row of a section. Its numbers are those of its best run: a mean of different recipes says nothing."""
    first = members[0]
    best = max(members, key=lambda row: -math.inf if row.best is None else row.best)
    headline, severity, flagged = gravest(members)
    ends = [row.ends for row in members if row.status not in ENDED]
    counts = Counter(row.status for row in members)
    return first._replace(
        id=-first.id,
        status=status_of(members),
        asked=None,
        note="",
        epoch=min(row.epoch for row in members),
        progress=math.fsum(1.0 if row.status in ENDED else row.progress for row in members) / len(members),
        best=best.best,
        kappa=best.kappa,
        headline=headline,
        severity=severity,
        remark="",
        ends=max(ends) if ends and None not in ends else None,  # type: ignore[type-var]
        rank=min(row.rank for row in members),
        cause="",
        chosen=best.chosen,
        settings="",
        group=_key(by, value),
        part=(0, 0),
        fold=Fold(
            members=tuple(row.id for row in members),
            done=counts["done"],
            failed=counts["failed"],
            best_sd=None,
            kappa_sd=None,
            seeds="",
            flagged=flagged,
        ),
        section=Section(f"{by} {plain(value) or NONE}", best.id, tuple(sorted(counts.items()))),
    )


def _key(by: str, value: str) -> str:
    """Return the key that says whether a section is opened; values may have commas in them."""
    return hashlib.sha256(f"{by} {value}".encode(errors="surrogateescape")).hexdigest()[:16]
