"""`workers start`: a worker on this host, on another, or in Slurm."""

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated, TypeVar

import typer

from engine.alerts.address import VARIABLE
from engine.files.paths import Home
from engine.hardware import worker_start
from engine.queries.worker_options import DEVICE_HELP, SLOTS_HELP, TAG_HELP, WorkerOptions
from engine.store.database import open_store
from tui.cli.options import takes_home
from tui.cli.output import CliError, print_message

T = TypeVar("T")


def _sentence(text: str) -> str:
    return f"{text[0].upper()}{text[1:]}."


Options = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="[KEY=VALUE…]",
        help="With --slurm: time (required), count, and options of sbatch, such as partition=gpu gres=gpu:1.",
    ),
]
Device = Annotated[
    str, typer.Option("--device", metavar="DEVICE", help=f"{DEVICE_HELP}.", show_default=False)
]
Slots = Annotated[str, typer.Option("--slots", metavar="N", help=_sentence(SLOTS_HELP), show_default=False)]
Tags = Annotated[list[str] | None, typer.Option("--tag", metavar="WORD", help=_sentence(TAG_HELP))]
Drain = Annotated[bool, typer.Option("--drain", help="It exits when the queue is empty; jobs always do.")]
Slurm = Annotated[bool, typer.Option("--slurm", help="Submit workers to Slurm instead.")]
Warn = Annotated[
    int | None,
    typer.Option(
        "--warn", min=10, help="With --slurm: seconds before the time limit for the checkpoint (120)."
    ),
]
Ssh = Annotated[
    str | None,
    typer.Option("--ssh", metavar="HOST", help="Start it on this host, by your own ssh.", show_default=False),
]
There = Annotated[
    Path | None,
    typer.Option("--home-there", help="With --ssh: the home's folder on that host (default: the same path)."),
]


@takes_home
def start(
    home: Home,
    options: Options = None,
    slurm: Slurm = False,
    warn: Warn = None,
    ssh: Ssh = None,
    there: There = None,
    device: Device = WorkerOptions.device,
    slots: Slots = WorkerOptions.slots,
    tags: Tags = None,
    drain: Drain = False,
) -> int:
    """Start a worker that keeps running after you log out: here, on another host, or as jobs in Slurm."""
    if not slurm and (options or warn is not None):
        raise CliError("KEY=VALUE and --warn belong to workers in Slurm: add --slurm")
    if slurm and ssh is not None:
        raise CliError("give --slurm or --ssh, not both")
    if there is not None and ssh is None:
        raise CliError("--home-there belongs to a worker on another host: add --ssh HOST")
    try:
        worker = WorkerOptions(device, slots, tuple(tags or ()), drain)
    except ValueError as error:
        raise CliError(str(error)) from None
    open_store(home.database, create=False).close()
    if (slurm or ssh is not None) and VARIABLE in os.environ:
        print_message(f"{VARIABLE} stays on this host: resnet-tui notify add tells the workers of all hosts")
    if slurm:
        return _submit(home, worker, options or (), warn)
    return _start_here(home, worker) if ssh is None else _start_by_ssh(ssh, home, worker, there)


def _start_here(home: Home, worker: WorkerOptions) -> int:
    for warning in (worker_start.logout_warning(), worker_start.crowd_warning(worker.slots, worker.device)):
        if warning:
            print_message(warning)
    try:
        started = worker_start.start_and_follow(home, worker.arguments())
    except worker_start.StartFailed as error:
        raise CliError(str(error)) from None
    return _tell(started.id, f"process {started.pid}", worker)


def _start_by_ssh(host: str, home: Home, worker: WorkerOptions, there: Path | None) -> int:
    from engine.cluster.ssh import start_by_ssh

    started = in_one_line(lambda: start_by_ssh(host, home, worker.arguments(), there=there))
    if started.warning:
        print_message(f"{started.host}: {started.warning}")
    return _tell(started.id, f"process {started.pid} on {started.host}", worker)


def _tell(worker_id: int | None, where: str, worker: WorkerOptions) -> int:
    if worker_id is None:
        print_message("the worker found nothing to train and has left")
    elif worker.may_be_several:
        print_message(
            f"worker {worker_id} started ({where}), others follow: they keep running after you log out; "
            "resnet-tui workers ls lists them"
        )
    else:
        print_message(f"worker {worker_id} started ({where}): it keeps running after you log out")
    return 0


def _submit(home: Home, worker: WorkerOptions, given: Sequence[str], warn: int | None) -> int:
    from engine.cluster.options import WARN_S, parse_options
    from engine.cluster.submit import submit

    warn_s = WARN_S if warn is None else warn
    options = in_one_line(lambda: parse_options(given, warn_s=warn_s))
    ids = in_one_line(lambda: submit(home, options, worker.arguments(), warn_s=warn_s))
    named = ids[0] if len(ids) == 1 else f"{ids[0]} to {ids[-1]}"
    whose = "its" if len(ids) == 1 else "their"
    print_message(f"submitted to Slurm: {named}; resnet-tui workers ls shows {whose} state")
    return 0


def in_one_line(call: Callable[[], T]) -> T:
    """Raise CliError for a ClusterError."""
    from engine.cluster.errors import ClusterError

    try:
        return call()
    except ClusterError as error:
        raise CliError(str(error)) from None
