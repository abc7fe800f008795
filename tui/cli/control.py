"""`cancel`, `wait`: steer runs from a script."""

import time
from typing import Annotated

import typer

from engine.paths import Home
from engine.store import listing, queue
from engine.store.database import Store, open_store
from engine.store.fencing import statuses
from engine.store.status import ENDED
from engine.store.workers import present
from tui.cli.options import MAX_ID, takes_home
from tui.cli.output import tell

POLL_S = 0.5
RunIds = Annotated[list[int], typer.Argument(metavar="ID…", max=MAX_ID, help="Runs' numbers.")]


@takes_home
def cancel(home: Home, run_ids: RunIds) -> int:
    """Cancel runs: waiting ones at once, running ones at their next step. Weights and metrics so far are kept."""
    before = queue.ask(open_store(home.database, create=False), run_ids, "cancel")
    for run_id, status in before.items():
        tell(f"run {run_id}: {'asked to stop' if status == 'running' else 'cancelled'}")
    return 0


@takes_home
def wait(home: Home, run_ids: RunIds) -> int:
    """Wait until runs have ended; exit code 1 unless all are done."""
    store = open_store(home.database, create=False)
    warned = False
    while True:
        with store.read() as session:
            found = statuses(session, run_ids)
            hopeless = listing.stuck(listing.unmet(session))
            idle = not present(session)
        going = [
            run for run, status in found.items() if status not in (*ENDED, "paused") and run not in hopeless
        ]
        if not going:
            return _result(store, list(found), hopeless)
        if idle and not warned:
            tell("no worker is there: start one with python -m engine.worker")
            warned = True
        time.sleep(POLL_S)


def _result(store: Store, run_ids: list[int], hopeless: dict[int, int]) -> int:
    with store.read() as session:
        runs = listing.list_runs(session, ids=run_ids)
    for run in runs:
        if run.id in hopeless and run.status == "queued":
            tell(f"run {run.id} waits for run {hopeless[run.id]}, which did not end well")
        elif run.status != "done":
            tell(f"run {run.id} {run.status}" + (f": {run.error}" if run.error else ""))
    return 0 if all(run.status == "done" for run in runs) else 1
