"""`workers start`, `workers ls`, `workers stop`: the processes that train."""

import subprocess
from typing import Annotated, Any

import typer

from engine.files.paths import Home
from engine.hardware import processes, worker_start
from engine.queries.worker_list import ListedWorker, list_workers
from engine.store.database import Store, open_store
from tui.cli.options import Json, takes_home
from tui.cli.output import CliError, print_json, print_message
from tui.cli.table import print_table
from tui.formatting import clock
from tui.worker_verbs import CannotSignal, stop

LOOK_S = 0.1
HEAD = ("id", "host", "device", "state", "since", "run")
workers = typer.Typer(
    help="Start, list and stop the workers that train the runs.", no_args_is_help=True, add_completion=False
)


@takes_home
def start(
    home: Home,
    drain: Annotated[bool, typer.Option("--drain", help="It exits when the queue is empty.")] = False,
) -> int:
    """Start a worker on this host, which keeps running after you log out."""
    return _start_here(home, open_store(home.database, create=False), drain=drain)


def _start_here(home: Home, store: Store, *, drain: bool) -> int:
    """Start a worker and follow it until it is in the run table or has ended."""
    if warning := worker_start.logout_warning():
        print_message(warning)
    process = worker_start.start_worker(home, drain=drain)
    while (code := _code_within(process, LOOK_S)) is None:
        mine = [
            each.id
            for each in _listed(store)
            if (each.host, each.pid) == (processes.host_name(), process.pid)
        ]
        if mine:
            print_message(
                f"worker {mine[0]} started (process {process.pid}): it keeps running after you log out"
            )
            return 0
    if code:
        raise CliError(worker_start.last_words(home))
    print_message("the worker found nothing to train and has left")
    return 0


def _code_within(process: "subprocess.Popen[bytes]", seconds: float) -> int | None:
    try:
        return process.wait(seconds)
    except subprocess.TimeoutExpired:
        return None


@takes_home
def ls(home: Home, as_json: Json = False) -> int:
    """List the workers."""
    found = _listed(open_store(home.database, create=False))
    if as_json:
        print_json({"workers": [_document(each) for each in found]})
    elif found:
        print_table(HEAD, [_row(each) for each in found], right=("id", "run"), may_shrink=("state", "host"))
    else:
        print_message("there is no worker: start one with resnet-tui workers start")
    return 0


def _listed(store: Store) -> list[ListedWorker]:
    with store.read() as session:
        return list_workers(session)


def _document(worker: ListedWorker) -> dict[str, Any]:
    return {
        **{name: getattr(worker, name) for name in ("id", "host", "pid", "device", "device_name", "state")},
        "since": worker.since.isoformat(),
        "run": worker.run_id,
    }


def _row(worker: ListedWorker) -> tuple[str, ...]:
    run = str(worker.run_id or "–")
    return str(worker.id), worker.host, worker.device, worker.state, clock(worker.since), run


@takes_home
def stop_workers(
    home: Home,
    ids: Annotated[
        list[str] | None, typer.Argument(metavar="[ID…]", help="Workers, as `ls` lists them.")
    ] = None,
    every: Annotated[bool, typer.Option("--all", help="All of them.")] = False,
) -> int:
    """Stop workers: each checkpoints its run, which keeps its place in the queue."""
    if bool(ids) == every:
        raise CliError("give workers or --all: resnet-tui workers ls lists them")
    there = {str(each.id): each for each in _listed(open_store(home.database, create=False))}
    wanted = list(there) if every else list(dict.fromkeys(ids or ()))
    if unknown := [each for each in wanted if each not in there]:
        raise CliError(f"there is no worker {unknown[0]}: resnet-tui workers ls lists them")
    return max((_stop(there[each], home) for each in wanted), default=0)


def _stop(worker: ListedWorker, home: Home) -> int:
    try:
        print_message(stop(worker, home))
    except CannotSignal as error:
        print_message(error)
        return 1
    return 0


workers.command("start")(start)
workers.command("ls")(ls)
workers.command("stop")(stop_workers)
