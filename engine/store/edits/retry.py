"""Queue ended runs again, in their old rows and places."""

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import delete, select
from sqlmodel import col

from engine.grid import load_spec
from engine.paths import Home
from engine.run_files import discard_training
from engine.store.columns import UNTRAINED
from engine.store.database import Store
from engine.store.dependencies import some_of
from engine.store.fencing import QueueError, run_table
from engine.store.journal import Editing, editing
from engine.store.tables import EpochConfusion, EpochMetrics, LossPoint
from engine.store.wording import numbered

FROM_THE_START = ("code", "diverged")
"""Causes after which the checkpoint would lead there again. After `data` it does not: a run goes on only with the data
that it began with, and a folder may just not have been mounted."""
_TOUCHED = ("status", "cause", "error", "suggestion", "failures", "ended_at")
DELETED = "what it had trained is deleted"


@dataclass(frozen=True)
class Retried:
    """Which runs go on from their last checkpoint, and which begin again."""

    going_on: tuple[int, ...]
    from_start: tuple[int, ...]


def retry(store: Store, home: Home, run_ids: Collection[int], *, fresh: bool = False) -> Retried:
    """Queue failed and cancelled runs again; with `fresh`, done ones too and all from the start.

    Those from the start lose their metrics and files, which `undo` cannot bring back. Raises QueueError, and then
    queues none."""
    with editing(store, "retry", run_ids, (*_TOUCHED, "spec")) as edit:
        for run_id in edit.was:
            _check(edit, run_id, fresh)
        anew = [run_id for run_id in edit.was if fresh or edit.before[run_id]["cause"] in FROM_THE_START]
        on = [run_id for run_id in edit.was if run_id not in set(anew)]
        queued = {
            "status": "queued",
            "failures": 0,
            **dict.fromkeys(("cause", "error", "suggestion", "ended_at")),
        }
        edit.write(on, **queued)
        edit.write(anew, **queued, **UNTRAINED)
        for some in some_of(anew):
            for table in (EpochMetrics, EpochConfusion, LossPoint):
                edit.session.execute(delete(table).where(col(table.run_id).in_(some)))
        # Before the commit: once it is queued a worker may write new ones.
        for run_id in anew:
            _delete_files(home, run_id)
            edit.final(run_id, DELETED)
        edit.text = f"retry {numbered(edit.was)}"
    return Retried(tuple(on), tuple(anew))


def _check(edit: Editing, run_id: int, fresh: bool) -> None:
    status = edit.was[run_id]
    if status == "done" and not fresh:
        raise QueueError(f"run {run_id} is done: --fresh trains it anew, extend lets it go on past its end")
    if status not in ("failed", "cancelled", "done"):
        raise QueueError(f"run {run_id} is {status}: only a run that has ended can be retried")
    source = load_spec(edit.before[run_id]["spec"]).source_run
    if source is not None and not _is_there(edit, source):
        raise QueueError(
            f"run {run_id} starts from run {source}, which was removed: clone it with other weights"
        )


def _is_there(edit: Editing, run_id: int) -> bool:
    return edit.session.execute(select(run_table.c.id).where(run_table.c.id == run_id)).first() is not None


def _delete_files(home: Home, run_id: int) -> None:
    try:
        discard_training(home.run(run_id))
    except OSError as error:
        raise QueueError(f"{error.filename} cannot be deleted: {error.strerror}") from None
