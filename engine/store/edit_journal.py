"""Journal of edits: each edit of the queue is one transaction that notes what it changed, so that it can be
taken back."""

import contextlib
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import insert, select
from sqlmodel import Session

from engine.store.clock import next_change
from engine.store.database import Store
from engine.store.dependencies import links_of, recount, recount_after, some_of
from engine.store.listing import statuses
from engine.store.people import check_owner, new_owner
from engine.store.schema import edit_table, run_table
from engine.store.status import Status
from engine.store.utc import UtcDateTime, utc_now

KEPT = 100
"""Number of edits that can be undone, one after another."""
QUEUE = 0
"""Stands for the queue itself where a change names a run."""
LINKS = "waits_for"
"""Stands for a run's dependencies where a change names columns: [[id, kind], …]."""
PAUSED = "queue_paused"
GUARDS = ("attempt", "status")
"""Noted of every run: where they have moved, the run has lived on since."""

Values = dict[str, Any]


@dataclass
class Editing:
    """Edit in progress, inside its transaction."""

    session: Session
    columns: Sequence[str]
    """Those that it may touch."""
    changed: int
    """The change number of all rows that it writes."""
    before: dict[int, Values]
    """The runs in the order given, with these columns as they were."""
    was: dict[int, Status]
    text: str = ""
    """One line of what was done; without one nothing is noted."""
    changes: list[Values] = field(default_factory=list)
    """Notes besides the columns that differ in the end."""

    def also(self, run_ids: Collection[int]) -> None:
        """More runs that the edit touches, found on the way: call before they are written."""
        fresh = [run_id for run_id in run_ids if run_id not in self.before]
        self.before |= snapshot(self.session, fresh, self.columns)

    def write(self, run_ids: Collection[int], **values: Any) -> None:
        for some in some_of(run_ids):
            of_these = run_table.update().where(run_table.c.id.in_(some))
            self.session.execute(of_these.values(**values, changed=self.changed))

    def final(self, run_id: int, why: str) -> None:
        """Note that what is done to this run cannot be taken back."""
        self.changes.append({"id": run_id, "final": why})

    def lost(self, run_ids: Collection[int]) -> None:
        """Note that the training of these runs is deleted, which `undo` cannot restore with the rest."""
        self.changes += [{"id": run_id, "lost": True} for run_id in run_ids]


@contextlib.contextmanager
def editing(store: Store, verb: str, run_ids: Collection[int], columns: Sequence[str]) -> Iterator[Editing]:
    """One transaction: what differs of `columns` afterwards goes into the journal, and `blocked` follows.

    Raises QueueError, before anything is written, for a run that is not there, or is another user's."""
    with store.write() as session:
        changed = next_change(session)
        was = statuses(session, run_ids)
        check_owner(session, run_ids)
        edit = Editing(session, columns, changed, snapshot(session, list(was), columns), was)
        yield edit
        final = {each["id"] for each in edit.changes if "final" in each}
        after = snapshot(session, [run_id for run_id in edit.before if run_id not in final], columns)
        differing = [
            {"id": run_id, **_difference(edit.before[run_id], now)}
            for run_id, now in after.items()
            if now != edit.before[run_id]
        ]
        follow(session, differing, edit.changed)
        recount_after(session, final, edit.changed)
        recount(session, final, edit.changed)  # one that begins again waits again for what it waited for
        if edit.text:
            note(session, verb, edit.text, [*edit.changes, *differing])


def follow(session: Session, changes: Sequence[Values], changed: int) -> None:
    """Bring `blocked` up to date after these changes of rows."""
    of_status = [each["id"] for each in changes if "status" in each["before"]]
    of_links = [each["id"] for each in changes if LINKS in each["before"]]
    recount_after(session, of_status, changed)
    recount(session, of_links, changed)


def note(session: Session, verb: str, text: str, changes: Sequence[Values]) -> None:
    """Write an edit into the journal; the user's oldest one past KEPT goes."""
    if not changes:
        return
    user = new_owner(session)
    row = {"at": utc_now(), "verb": verb, "text": text, "changes": list(changes), "user_name": user}
    session.execute(insert(edit_table).values(row))
    mine = edit_table.c.user_name == user
    oldest = select(edit_table.c.id).where(mine).order_by(edit_table.c.id.desc()).offset(KEPT - 1).limit(1)
    session.execute(edit_table.delete().where(mine, edit_table.c.id < oldest.scalar_subquery()))


def snapshot(session: Session, run_ids: Sequence[int], columns: Sequence[str]) -> dict[int, Values]:
    """Return these columns of the runs that exist, and GUARDS, in the journal's JSON form."""
    found: dict[int, Values] = {}
    of_row = [run_table.c[name] for name in dict.fromkeys((*GUARDS, *columns)) if name != LINKS]
    for some in some_of(run_ids):
        rows = session.execute(select(run_table.c.id, *of_row).where(run_table.c.id.in_(some)))
        for row in rows.mappings():
            found[row["id"]] = {column.name: encoded(row[column.name]) for column in of_row}
    if LINKS in columns:
        for run_id, links in links_of(session, list(found)).items():
            found[run_id][LINKS] = [list(pair) for pair in links.items()]
    return {run_id: found[run_id] for run_id in run_ids if run_id in found}


def encoded(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else value


def decoded(name: str, value: Any) -> Any:
    """Convert a column's value from the journal's JSON form."""
    if value is not None and isinstance(run_table.c[name].type, UtcDateTime):
        return datetime.fromisoformat(value).astimezone(UTC)
    return value


def _difference(before: Values, now: Values) -> dict[str, Values]:
    names = [name for name in now if now[name] != before[name]]
    return {
        "before": {name: before[name] for name in names},
        "after": {name: now[name] for name in (*GUARDS, *names)},
    }
