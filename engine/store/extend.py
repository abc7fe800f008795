"""Let a finished run go on past its end."""

from engine.grid import load_spec, make_spec
from engine.spec import RunSpec
from engine.store.database import Store
from engine.store.fencing import QueueError, dependency_table, next_change, run_table
from engine.store.listing import get_run
from engine.store.tables import Run


def extend_run(store: Store, run_id: int, epochs: int) -> None:
    """Queue a done run again, in its old place, to go on from its last checkpoint until `epochs` are completed.

    The runs that wait for it and have not begun wait again. Raises QueueError where it would not end with the same
    bits as a run of that length from the start."""
    with store.write() as session:
        run = get_run(session, run_id)
        spec = load_spec(run.spec)
        if problem := _problem(run, spec, epochs):
            raise QueueError(problem)
        longer = make_spec({**spec.model_dump(), "epochs": epochs})
        changed = next_change(session)
        session.execute(
            run_table.update()
            .where(run_table.c.id == run_id)
            .values(
                status="queued",
                spec=longer.to_json(),
                spec_hash=longer.digest(),
                epochs=epochs,
                failures=0,
                ended_at=None,
                changed=changed,
            )
        )
        waiting = dependency_table.select().with_only_columns(dependency_table.c.run_id)
        session.execute(
            run_table.update()
            .where(run_table.c.id.in_(waiting.where(dependency_table.c.after_id == run_id)))
            .where(run_table.c.attempt == 0)
            .values(blocked=run_table.c.blocked + 1, changed=changed)
        )


def _problem(run: Run, spec: RunSpec, epochs: int) -> str | None:
    anew = f"train anew with resnet-tui clone {run.id} --epochs {epochs}"
    if run.status != "done":
        return f"run {run.id} is {run.status}: only a run that is done can be extended"
    if epochs <= run.epochs:
        return f"run {run.id} has {run.epochs} epochs already: give more with --epochs"
    if not run.epochs:
        return f"run {run.id} only evaluates: {anew}"
    if not spec.is_extendable:
        return f"run {run.id} has schedule {spec.schedule}, which is tied to its length: {anew}"
    is_out_of_patience = 0 < spec.patience <= run.epoch - (run.best_epoch or 0)
    if run.epoch < run.epochs or is_out_of_patience:
        return f"run {run.id} stopped by itself at epoch {run.epoch}, and would again: {anew}"
    return None
