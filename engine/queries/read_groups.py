"""Read groups of runs from the store, without the columns that a list does not need."""

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import func, select
from sqlmodel import Session

from engine.analysis.groups import LEAST, Group, Member, Moment, group_runs
from engine.store.dependencies import some_of
from engine.store.listing import get_run
from engine.store.schema import run_table

RUN = run_table.c
_ABOUT = (
    RUN.id, RUN.group_key, RUN.status, RUN.spec_hash, RUN.seed, RUN.name, RUN.spec, RUN.baseline,
    RUN.environment["data_fingerprint"].as_string(),
)  # fmt: skip
_NUMBERS = (RUN.best_acc, RUN.best_balanced_acc, RUN.best_kappa, RUN.last_acc)
IN_LISTS: Mapping[Moment, tuple[str, ...]] = {
    "best": ("test_acc", "balanced_acc", "kappa"),
    "last": ("test_acc",),
}
"""Metrics that the groups of `list_groups` have, by the epoch of each run that they are of."""


def list_groups(session: Session, *, sweep: str | None = None) -> list[Group]:
    """Return all groups, those with a run of the sweep where one is given, with the metrics of IN_LISTS.

    A group has all its runs, whatever sweep they are of: its numbers are the same wherever it is shown."""
    several = select(RUN.group_key).where(RUN.group_key != "").group_by(RUN.group_key)
    keys = several.having(func.count() >= LEAST)
    if sweep is not None:
        keys = keys.where(RUN.group_key.in_(select(RUN.group_key).where(RUN.sweep == sweep)))
    rows = session.execute(select(*_ABOUT, *_NUMBERS).where(RUN.group_key.in_(keys))).all()
    found = _grouped(rows)
    if sweep is None:
        return found
    inside = set(session.execute(select(RUN.id).where(RUN.sweep == sweep)).scalars())
    return [group for group in found if not inside.isdisjoint(group.run_ids)]


def groups_with_keys(session: Session, keys: Collection[str], metrics: Sequence[str] = ()) -> list[Group]:
    """Return the groups whose runs have these group keys, with the metrics of IN_LISTS, and with these of the best
    epochs."""
    rows: list[Sequence[Any]] = []
    columns = select(*_ABOUT, *_NUMBERS, *(RUN.best_metrics[key].as_float() for key in metrics))
    for some in some_of(sorted(keys)):
        rows += session.execute(columns.where(RUN.group_key.in_(some))).all()
    return _grouped(rows, metrics)


def _grouped(rows: Sequence[Sequence[Any]], metrics: Sequence[str] = ()) -> list[Group]:
    """Group rows of _ABOUT, _NUMBERS and metrics of the best epochs."""
    start, end = len(_ABOUT), len(_ABOUT) + len(_NUMBERS)
    members = []
    for row in rows:
        acc, balanced, kappa, last = row[start:end]
        best = {"test_acc": acc, "balanced_acc": balanced, "kappa": kappa}
        if metrics:
            best = {**dict(zip(metrics, row[end:], strict=True)), **best}
        members.append(_member(row[:start], best, {"test_acc": last}))
    return group_runs(members, _specs(rows))


def read_specs(session: Session, keys: Collection[str]) -> dict[str, str]:
    """Return the JSON of the spec of the first run of each group key that there is."""
    found: dict[str, str] = {}
    for some in some_of(keys):
        first = select(func.min(RUN.id)).where(RUN.group_key.in_(some)).group_by(RUN.group_key)
        rows = session.execute(select(RUN.group_key, RUN.spec).where(RUN.id.in_(first))).all()
        found |= {key: spec for key, spec in rows}
    return found


def folds_of_changed(session: Session, after: int) -> dict[int, tuple[int, int]]:
    """Return the fold and the number of folds of each run of a cross-validation that was written after the change
    `after` (-1: all). Only the specs of these are read."""
    has_folds = (RUN.spec.like('%"folds":%'), RUN.spec.not_like('%"folds":0%'))
    rows = session.execute(select(RUN.id, RUN.spec).where(RUN.changed > after, *has_folds)).all()
    return {run_id: (_whole(spec, "fold"), _whole(spec, "folds")) for run_id, spec in rows}


class MemberState(NamedTuple):
    """Progress of a run of a group: its numbers change with it alone."""

    run_id: int
    status: str
    epoch: int
    attempt: int


def states_beside(session: Session, run_id: int) -> tuple[str, tuple[MemberState, ...]]:
    """Return a run's group key, and the states of all runs with it, by id; nothing for a run without a key."""
    key = select(RUN.group_key).where(RUN.id == run_id).scalar_subquery()
    columns = select(RUN.group_key, RUN.id, RUN.status, RUN.epoch, RUN.attempt)
    rows = session.execute(columns.where(RUN.group_key == key, RUN.group_key != "").order_by(RUN.id)).all()
    return rows[0].group_key if rows else "", tuple(MemberState(*row[1:]) for row in rows)


def read_groups(session: Session, run_ids: Collection[int]) -> list[Group]:
    """Return the groups of these runs with every number of the catalogue that their best and last epochs have."""
    keys: set[str] = set()
    for some in some_of(sorted(run_ids)):
        named = select(RUN.group_key).where(RUN.id.in_(some), RUN.group_key != "")
        keys |= set(session.execute(named).scalars())
    rows: list[Sequence[Any]] = []
    for several in some_of(sorted(keys)):
        columns = select(*_ABOUT, RUN.best_metrics, RUN.last_metrics)
        rows += session.execute(columns.where(RUN.group_key.in_(several))).all()
    members = [_member(about, best or {}, last or {}) for *about, best, last in rows]
    found = group_runs(members, _specs(rows))
    return [group for group in found if not set(run_ids).isdisjoint(group.run_ids)]


def group_of_run(session: Session, run_id: int) -> Group | None:
    """Return a run's group as `read_groups` does; None for a run that is in none. Raises QueueError for no run."""
    get_run(session, run_id)
    return next(iter(read_groups(session, [run_id])), None)


def _member(about: Sequence[Any], best: Mapping[str, Any], last: Mapping[str, Any]) -> Member:
    run_id, key, status, spec_hash, seed, name, spec, baseline, fingerprint = about
    split_seed, fold = _whole(spec, "split_seed"), _whole(spec, "fold")
    return Member(
        run_id, key, status, spec_hash, seed, split_seed, fold, name, fingerprint or "", baseline, best, last
    )


def _whole(spec: str, field: str) -> int:
    """Read a whole number from a spec's canonical JSON; 0 where an older version wrote it, which has not the field.

    To parse the JSON of 10,000 specs would take longer than all the rest."""
    _, found, rest = spec.partition(f'"{field}":')
    return int(re.split("[,}]", rest, maxsplit=1)[0]) if found and not rest.startswith("0") else 0


def _specs(rows: Iterable[Sequence[Any]]) -> dict[str, str]:
    """Return the spec of one run of each group."""
    return {row[1]: row[6] for row in rows}
