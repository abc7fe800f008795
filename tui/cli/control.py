"""`cancel`, `pause`, `resume`, `retry`, `rm`, `wait`: steer runs from a script."""

import sys
import time
from collections.abc import Collection, Iterator, Sequence
from typing import Annotated

import typer
from sqlmodel import Session

from engine.files.paths import Home
from engine.store import listing, obstacles
from engine.store.database import Store, open_store
from engine.store.listing import statuses, statuses_there
from engine.store.run_numbers import WHICH, numbered
from engine.store.status import Status
from engine.store.workers import present
from tui import verbs
from tui.cli.ids import Ids, find_ids, tell_outcome
from tui.cli.options import edits_runs, takes_home
from tui.cli.output import CliError, checked_text, print_message
from tui.cli.slurm_waits import jobs_that_wait

POLL_S = 0.5


@edits_runs
@takes_home
def cancel(home: Home, run_ids: Ids) -> int:
    """Cancel runs: waiting ones at once, running ones at their next step. Weights and metrics so far are kept."""
    store = open_store(home.database, create=False)
    return tell_outcome(verbs.cancel(store, find_ids(store, run_ids)))


@edits_runs
@takes_home
def pause(home: Home, run_ids: Ids) -> int:
    """Pause runs until they are resumed: waiting ones at once, running ones at their next step. Places are kept."""
    store = open_store(home.database, create=False)
    return tell_outcome(verbs.pause(store, find_ids(store, run_ids)))


@edits_runs
@takes_home
def resume(home: Home, run_ids: Ids) -> int:
    """Queue paused runs again, in their old places."""
    store = open_store(home.database, create=False)
    return tell_outcome(verbs.resume(store, find_ids(store, run_ids)))


@edits_runs
@takes_home
def retry(
    home: Home,
    run_ids: Ids,
    fresh: Annotated[
        bool,
        typer.Option("--fresh", help="Start over: delete everything trained so far. Also for done runs."),
    ] = False,
) -> int:
    """Queue failed and cancelled runs again, to resume from their last checkpoints.

    Runs that diverged or failed through an error in the code start over: their metrics and files are deleted."""
    store = open_store(home.database, create=False)
    return tell_outcome(verbs.retry(store, home, find_ids(store, run_ids), fresh=fresh))


@edits_runs
@takes_home
def rm(
    home: Home,
    run_ids: Ids,
    yes: Annotated[bool, typer.Option("--yes", help="Remove without asking.")] = False,
) -> int:
    """Remove runs and their folders for good, except running runs and runs that a waiting run needs.

    In a terminal it asks before it removes trained runs."""
    store = open_store(home.database, create=False)
    wanted = find_ids(store, run_ids)
    if not yes and sys.stdin.isatty() and sys.stderr.isatty():
        with store.read() as session:
            trained = [run for run in listing.list_runs(session, ids=wanted) if run.epoch]
        if trained:
            epochs = sum(run.epoch for run in trained)
            what = f"{numbered([run.id or 0 for run in trained])}, {epochs} epochs of training"
            typer.confirm(f"remove {what} for good?", abort=True, err=True)
    return tell_outcome(verbs.remove(store, home, wanted))


@takes_home
def wait(
    home: Home,
    run_ids: Annotated[list[str] | None, typer.Argument(metavar="[ID…]", help="Runs, as in 3-7,9.")] = None,
    sweep: Annotated[str | None, typer.Option(help="All runs of this sweep.")] = None,
) -> int:
    """Wait until runs have ended; exit code 1 unless all are done."""
    store = open_store(home.database, create=False)
    wanted = _wanted(store, run_ids or [], sweep)
    warned: set[str] = set()
    while True:
        with store.read() as session:
            waits = listing.unmet(session)
            held_up = obstacles.held_up(waits)
            going = [
                run
                for run, status in statuses_there(session, wanted).items()
                if status in ("queued", "running") and run not in held_up
            ]
            in_the_way = list(_obstacles(session, going, waits))
        if not going:
            return _result(store, wanted, held_up)
        for text in in_the_way:
            if text not in warned:
                warned.add(text)
                print_message(text if text != NONE_RUNS else f"{text}: {jobs_that_wait(home) or START_ONE}")
        time.sleep(POLL_S)


NONE_RUNS, START_ONE = "no worker is running", "start one with resnet-tui workers start"
_NO_WORKER = {
    "cuda": "no worker for cuda is running: start one with resnet-tui workers start --device cuda:0",
    "cards": "no worker with {} is running: start one with resnet-tui workers start --device cuda:0,cuda:1",
    "needs": "no worker with {} is running: start one that fits (--tag WORD), or resnet-tui needs ID none",
}
"""Messages for runs that lack a card, several cards, or something else."""


def _obstacles(
    session: Session, going: Collection[int], waits: dict[int, dict[int, Status]]
) -> Iterator[str]:
    """Yield what keeps runs from starting until the user acts: no worker, no worker on a GPU, a paused queue."""
    there = present(session)
    if not there:
        yield NONE_RUNS
    lacking = listing.lacking(session, there) if there else {}
    for missing in sorted(set(lacking.values())):
        needy = {run_id for run_id, lacks in lacking.items() if lacks == missing}
        needy |= obstacles.stuck(waits, needy, at=()).keys()
        if not needy.isdisjoint(going):
            kind = missing if missing == "cuda" else "cards" if missing.endswith(" cards") else "needs"
            yield _NO_WORKER[kind].format(missing)
    if listing.queue_paused(session):
        yield "the queue is paused: resume it with resnet-tui queue resume"


def _wanted(store: Store, run_ids: Sequence[str], sweep: str | None) -> list[int]:
    if bool(run_ids) == (sweep is not None):
        raise CliError("give run numbers or --sweep NAME: resnet-tui ls lists the runs")
    if sweep is None:
        named = find_ids(store, run_ids)
        with store.read() as session:
            return list(statuses(session, named))
    checked_text("--sweep", sweep)
    with store.read() as session:
        wanted = [run.id for run in listing.list_runs(session, sweep=sweep) if run.id is not None]
    if not wanted:
        raise CliError(f"the sweep {sweep!r} has no runs: resnet-tui ls lists all runs")
    return wanted


def _result(store: Store, run_ids: list[int], held_up: dict[int, obstacles.Obstacle]) -> int:
    with store.read() as session:
        runs = {run.id: run for run in listing.list_runs(session, ids=run_ids)}
    for run_id in run_ids:
        run = runs.get(run_id)
        if run is None:
            print_message(f"run {run_id} was removed")
        elif run_id in held_up and run.status == "queued":
            obstacle = held_up[run_id]
            print_message(f"run {run_id} waits for run {obstacle.run_id}, {WHICH[obstacle.status]}")
        elif run.status != "done":
            print_message(f"run {run_id} {run.status}" + (f": {run.error}" if run.error else ""))
    return 0 if all(run_id in runs and runs[run_id].status == "done" for run_id in run_ids) else 1
