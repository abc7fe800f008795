"""Queue ended runs again, in their old rows and places."""

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import select

from engine.files.paths import Home
from engine.spec.grid import load_spec
from engine.store.add import check_sources
from engine.store.database import Store
from engine.store.dependencies import starting_from
from engine.store.edit_journal import Editing, editing
from engine.store.edits.discard import delete_training, discarding
from engine.store.errors import QueueError
from engine.store.run_numbers import numbered
from engine.store.schema import run_table
from engine.store.status import FROM_THE_START

_TOUCHED = ("status", "cause", "error", "suggestion", "failures", "ended_at", "trains_alone")
DELETED = "its training was deleted"


@dataclass(frozen=True)
class Retried:
    """Runs that resume from a checkpoint, runs that restart, and files of these that could not be deleted."""

    going_on: tuple[int, ...]
    from_start: tuple[int, ...]
    left: dict[int, str]


def retry(store: Store, home: Home, run_ids: Collection[int], *, fresh: bool = False) -> Retried:
    """Queue failed and cancelled runs again; with `fresh`, done ones too and all from the start.

    Those from the start lose their metrics and files, which `undo` cannot bring back. Raises QueueError, and then
    queues none."""
    with (
        discarding() as discarded,
        editing(store, "retry", run_ids, (*_TOUCHED, "spec", "epoch")) as edit,
    ):
        for run_id in edit.was:
            _check(edit, run_id, fresh)
        anew = [run_id for run_id in edit.was if fresh or edit.before[run_id]["cause"] in FROM_THE_START]
        _check_readers(edit, anew)
        on = [run_id for run_id in edit.was if run_id not in set(anew)]
        queued = {
            "status": "queued",
            "failures": 0,
            "trains_alone": False,
            **dict.fromkeys(("cause", "error", "suggestion", "ended_at")),
        }
        edit.write([*on, *anew], **queued)
        delete_training(edit, home, discarded, anew)
        for run_id in anew:
            edit.final(run_id, DELETED)
        edit.text = f"retry {numbered(edit.was)}"
    return Retried(tuple(on), tuple(anew), discarded.left)


def _check(edit: Editing, run_id: int, fresh: bool) -> None:
    status = edit.was[run_id]
    if status == "done" and not fresh:
        raise QueueError(
            f"run {run_id} is done: retry it from the start (fresh), or extend it to train more epochs"
        )
    if status not in ("failed", "cancelled", "done"):
        raise QueueError(f"run {run_id} is {status}: only a run that has ended can be retried")
    spec = load_spec(edit.before[run_id]["spec"])
    if spec.source_run is not None and not _is_there(edit, spec.source_run):
        raise QueueError(
            f"run {run_id} starts from run {spec.source_run}, which was removed: clone it with other weights"
        )
    if fresh or not edit.before[run_id]["epoch"]:
        check_sources(edit.session, [spec])


def _is_there(edit: Editing, run_id: int) -> bool:
    return edit.session.execute(select(run_table.c.id).where(run_table.c.id == run_id)).first() is not None


def _check_readers(edit: Editing, run_ids: Collection[int]) -> None:
    """Raise QueueError where a running run is about to read the weights that one of these would lose."""
    for run_id, others in starting_from(edit.session, run_ids).items():
        for other in others:
            if other.status == "running":
                raise QueueError(
                    f"run {run_id} cannot restart: run {other.id} is loading its weights: "
                    "pause or cancel that one first, or try again after its first epoch"
                )
