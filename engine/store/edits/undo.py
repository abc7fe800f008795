"""Undo the newest edit of the queue."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import bindparam, select
from sqlmodel import Session

from engine.spec.grid import load_spec
from engine.store.clock import next_change
from engine.store.database import Store
from engine.store.dependencies import dependents_of, first_misfit, replace_links, some_of
from engine.store.edit_journal import LINKS, PAUSED, QUEUE, Values, decoded, follow, snapshot
from engine.store.errors import QueueError
from engine.store.order_values import switch
from engine.store.people import changeable, check_owner
from engine.store.schema import clock_table, edit_table, run_table
from engine.store.spec_columns import of_spec
from engine.store.status import ENDED, LinkKind
from engine.store.tables import Run

LABELS = frozenset({"note", "tags", "priority", "position"})
"""Columns that no attempt writes: taken back even where the run was claimed since."""


@dataclass
class Undone:
    """Changes of an edit that were undone, and those that were not, with the reason."""

    text: str
    """The edit, as the journal names it."""
    restored: list[int] = field(default_factory=list)
    """Runs, or 0 for the queue itself."""
    left: dict[int, str] = field(default_factory=dict)
    withdrawn: list[int] = field(default_factory=list)
    """Running runs whose request was taken back: their processes may have heard it."""
    lost: list[int] = field(default_factory=list)
    """Restored runs whose training the edit has deleted for good."""


GONE = "it is gone"


def undo(store: Store) -> Undone | None:
    """Take back the user's newest edit and forget it, so that the next call takes back the one before; None where
    there is none. What has changed since is left as it is. Raises QueueError for an edit of another user's run."""
    with store.write() as session:
        changed = next_change(session)
        newest = (
            select(edit_table)
            .where(changeable(edit_table.c.user_name))
            .order_by(edit_table.c.id.desc())
            .limit(1)
        )
        edit = session.execute(newest).mappings().first()
        if edit is None:
            session.rollback()
            return None
        try:
            check_owner(session, [each["id"] for each in edit["changes"] if each["id"] != QUEUE])
        except QueueError as error:
            raise QueueError(f"the newest edit is {edit['text']!r}, and {error}") from None
        session.execute(edit_table.delete().where(edit_table.c.id == edit["id"]))
        undone = Undone(edit["text"])
        changes: list[Values] = edit["changes"]
        for each in changes:
            if "final" in each:
                undone.left[each["id"]] = each["final"]
        _restore_queue(session, [each for each in changes if each["id"] == QUEUE], undone)
        _take_out(session, [each["id"] for each in changes if each.get("added")], undone)
        rows = [each for each in changes if "after" in each and each["id"] != QUEUE]
        _restore_rows(session, rows, undone, changed)
        undone.lost = [each["id"] for each in changes if "lost" in each and each["id"] in undone.restored]
    return undone


def _restore_queue(session: Session, changes: Sequence[Values], undone: Undone) -> None:
    for each in changes:
        paused = session.execute(select(clock_table.c.queue_paused)).scalar_one()
        if paused == each["after"][PAUSED]:
            session.execute(clock_table.update().values(queue_paused=each["before"][PAUSED]))
            undone.restored.append(QUEUE)
        else:
            undone.left[QUEUE] = "it has changed since"


def _take_out(session: Session, run_ids: Sequence[int], undone: Undone) -> None:
    """Remove added runs that nobody has claimed and nobody needs."""
    table = run_table.c
    there: dict[int, Any] = {}
    for some in some_of(run_ids):
        rows = session.execute(select(table.id, table.status, table.attempt).where(table.id.in_(some)))
        there |= {row.id: row for row in rows}
    needed = dependents_of(session, run_ids)
    untouched = {row.id for row in there.values() if row.status == "queued" and row.attempt == 0}
    goes = untouched - _needed_outside(untouched, needed)
    for run_id in run_ids:
        if run_id in goes:
            undone.restored.append(run_id)
        elif run_id not in there:
            undone.left[run_id] = GONE
        elif run_id in untouched:
            others = sorted(set(needed[run_id]) - goes)
            undone.left[run_id] = f"run {others[0]} waits for it"
        else:
            claimed = "was claimed" if there[run_id].attempt else f"is {there[run_id].status}"
            undone.left[run_id] = f"it {claimed}"
    for some in some_of(goes):
        session.execute(run_table.delete().where(table.id.in_(some)))


def _needed_outside(goes: set[int], needed: dict[int, dict[int, LinkKind]]) -> set[int]:
    """Those of the runs that one needs which stays, directly or through another that therefore stays."""
    stays: set[int] = set()
    while True:
        more = {run_id for run_id in goes - stays if set(needed.get(run_id, ())) - (goes - stays)}
        if not more:
            return stays
        stays |= more


def _restore_rows(session: Session, changes: Sequence[Values], undone: Undone, changed: int) -> None:
    columns = sorted({name for each in changes for name in each["after"]})
    now = snapshot(session, [each["id"] for each in changes], columns)
    network_then = {
        each["id"]: load_spec(each["before"]["spec"]).network for each in changes if "spec" in each["before"]
    }
    restored: list[Values] = []
    for each in changes:
        run_id, before, after = each["id"], each["before"], each["after"]
        compared = after if before.keys() - LABELS else before
        if run_id not in now:
            undone.left[run_id] = GONE
        elif any(now[run_id][name] != after[name] for name in compared):
            undone.left[run_id] = "it has changed since"
        elif problem := _misfit(session, run_id, before, network_then) or _relink(session, run_id, before):
            undone.left[run_id] = problem
        else:
            restored.append(each)
            undone.restored.append(run_id)
            if "request" in before and "status" not in before:
                undone.withdrawn.append(run_id)
    _write(session, restored, changed)
    for each in restored:
        if "is_ordered" in each["before"]:
            switch(session, each["id"], is_ordered=each["before"]["is_ordered"] is not False)
    follow(session, restored, changed)


def _write(session: Session, changes: Sequence[Values], changed: int) -> None:
    """Give the rows their old values: those with the same columns in one statement."""
    alike: dict[tuple[str, ...], list[Values]] = {}
    for each in changes:
        values = {name: decoded(name, value) for name, value in each["before"].items() if name != LINKS}
        if "spec" in values and "memory_key" not in values:  # of an edit of an earlier version
            values |= of_spec(load_spec(values["spec"]))
        alike.setdefault(tuple(sorted(values)), []).append({"this": each["id"], **values})
    for names, rows in alike.items():
        written = run_table.update().values({"changed": changed} | {name: bindparam(name) for name in names})
        session.connection().execute(written.where(run_table.c.id == bindparam("this")), rows)


def _misfit(session: Session, run_id: int, before: Values, network_then: Mapping[int, str]) -> str | None:
    """Say why a run that gets its spec or status back could not train: it and its source, or those that start from
    it, would differ in network; None where it could. `network_then`: of all runs that get theirs back."""
    if not {"spec", "status"} & before.keys():
        return None
    run = session.get_one(Run, run_id)
    spec = load_spec(before.get("spec", run.spec))
    waits = before.get("status", run.status) not in ENDED and not run.epoch
    source = session.get(Run, spec.source_run) if waits and spec.source_run is not None else None
    if (
        source is not None
        and network_then.get(source.id or 0, load_spec(source.spec).network) != spec.network
    ):
        return f"run {source.id} has another network now: its weights do not fit a {spec.network}"
    return first_misfit(session, {**network_then, run_id: spec.network}) if "spec" in before else None


def _relink(session: Session, run_id: int, before: Values) -> str | None:
    """Let the run wait for what it waited for; the reason where that can no longer be."""
    if LINKS not in before:
        return None
    links = {after_id: kind for after_id, kind in before[LINKS]}
    there = snapshot(session, list(links), ())
    if gone := next((after_id for after_id in links if after_id not in there), None):
        return f"run {gone}, which it waited for, is gone"
    try:
        replace_links(session, run_id, links)
    except QueueError as error:
        return str(error)
    return None
