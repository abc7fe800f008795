"""Take runs out of the table for good, with their folders."""

from collections.abc import Collection
from dataclasses import dataclass

from engine.files.paths import Home
from engine.files.run_folder import remove_folder
from engine.store.database import Store
from engine.store.dependencies import dependents_of, recount, some_of
from engine.store.edit_journal import Editing, editing
from engine.store.errors import QueueError
from engine.store.listing import statuses
from engine.store.run_numbers import numbered
from engine.store.schema import run_table
from engine.store.status import ENDED


@dataclass(frozen=True)
class Removed:
    """Removed runs, ended runs that waited for or started from them, and folders that could not be deleted."""

    ids: tuple[int, ...]
    dependents: dict[int, tuple[int, ...]]
    left: dict[int, str]


def remove(store: Store, home: Home, run_ids: Collection[int]) -> Removed:
    """Delete runs, all they measured and their folders. `undo` cannot bring them back.

    Raises QueueError, and then deletes none, for one that is running or that another waiting run needs."""
    with editing(store, "remove", run_ids, ("status",)) as edit:
        for run_id, status in edit.was.items():
            if status == "running":
                raise QueueError(f"run {run_id} is running: cancel it first")
        dependents = _dependents(edit)
        for some in some_of(edit.was):
            edit.session.execute(run_table.delete().where(run_table.c.id.in_(some)))
        recount(edit.session, {each for found in dependents.values() for each in found}, edit.changed)
        for run_id in edit.was:
            edit.final(run_id, "it is deleted")
        edit.text = f"remove {numbered(edit.was)}"
    # After the commit: the numbers are never given again, so nobody else writes there.
    left: dict[int, str] = {}
    for run_id in edit.was:
        try:
            remove_folder(home.run(run_id))
        except OSError as error:
            left[run_id] = f"{error.filename}: {error.strerror}"
    return Removed(tuple(edit.was), dependents, left)


def _dependents(edit: Editing) -> dict[int, tuple[int, ...]]:
    """Return the ended runs that needed each run. Raises QueueError if a run still needs one."""
    others = {
        run_id: {each: kind for each, kind in found.items() if each not in edit.was}
        for run_id, found in dependents_of(edit.session, list(edit.was)).items()
    }
    status_of = statuses(edit.session, {each for found in others.values() for each in found})
    for run_id, found in others.items():
        needy = {each: kind for each, kind in found.items() if status_of[each] not in ENDED}
        if needy:
            first, kind = next(iter(needy.items()))
            does = "starts from it" if kind == "source" else "waits for it"
            more = f", and {len(needy) - 1} more" if len(needy) > 1 else ""
            raise QueueError(f"run {run_id} cannot be removed: run {first} {does}{more}")
    return {run_id: tuple(found) for run_id, found in others.items() if found}
