"""Extend a finished run past its last epoch."""

from engine.spec.grid import load_spec, make_spec
from engine.spec.run_spec import RunSpec
from engine.store.database import Store
from engine.store.edit_journal import editing
from engine.store.errors import QueueError
from engine.store.listing import get_run
from engine.store.spec_columns import OF_SPEC, of_spec
from engine.store.tables import Run


def extend_run(store: Store, run_id: int, epochs: int) -> None:
    """Queue a done run again, in its old place, to go on from its last checkpoint until `epochs` are completed.

    The runs that wait for it and have trained no epoch wait again. Raises QueueError where it would not end with
    the same bits as a run of that length from the start."""
    columns = ("status", *OF_SPEC, "failures", "ended_at")
    with editing(store, "extend", [run_id], columns) as edit:
        run = get_run(edit.session, run_id)
        spec = load_spec(run.spec)
        if problem := _problem(run, spec, epochs):
            raise QueueError(problem)
        longer = make_spec({**spec.model_dump(), "epochs": epochs})
        edit.write([run_id], status="queued", failures=0, ended_at=None, **of_spec(longer))
        edit.text = f"extend run {run_id} to {epochs} epochs"


def _problem(run: Run, spec: RunSpec, epochs: int) -> str | None:
    anew = f"clone it with {epochs} epochs"
    if run.status != "done":
        return f"run {run.id} is {run.status}: only a run that is done can be extended"
    if epochs <= run.epochs:
        return f"run {run.id} has {run.epochs} epochs already: give more"
    if not run.epochs:
        return f"run {run.id} only evaluates: {anew}"
    if not spec.is_extendable:
        return f"run {run.id} has schedule {spec.schedule}, which is tied to its length: {anew}"
    if run.epoch < run.epochs or spec.is_out_of_patience(run.epoch, run.best_epoch):
        return f"run {run.id} stopped by itself at epoch {run.epoch}, and would again: {anew}"
    return None
