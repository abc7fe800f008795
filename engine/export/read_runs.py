"""Read the runs of an export from the store, once."""

from collections.abc import Sequence

from engine.export.columns import ExportedRun
from engine.export.tables import ExportError
from engine.spec.grid import load_spec
from engine.store import history, listing
from engine.store.database import Store
from engine.store.epoch_values import values_of_row


def read_runs(store: Store, *, run_ids: Sequence[int] | None, sweep: str | None) -> list[ExportedRun]:
    """Read the given runs, those of a sweep, or all where neither is given; trained or not.

    Raises QueueError for a run that does not exist, ExportError where there is none."""
    with store.read() as session:
        if run_ids:
            rows = [listing.get_run(session, run_id) for run_id in dict.fromkeys(run_ids)]
        else:
            rows = listing.list_runs(session, sweep=sweep)
        found = [
            ExportedRun(
                row,
                load_spec(row.spec, row.id),
                tuple(map(values_of_row, history.epochs_of(session, row.id or 0))),
            )
            for row in rows
        ]
    if not found:
        what = f"the sweep {sweep!r}" if sweep is not None else "the run table"
        raise ExportError(f"{what} has no runs: resnet-tui ls shows what there is")
    return found
