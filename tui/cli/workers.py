"""`workers ls`, `workers stop`: the processes that train, here and on other machines."""

from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from engine.files.paths import Home
from engine.queries.worker_list import ListedWorker, list_workers
from engine.store.database import Store, open_store
from tui.cli.options import Json, edits_runs, takes_home
from tui.cli.output import CliError, print_json, print_message
from tui.cli.start_workers import in_one_line, start
from tui.cli.table import print_table
from tui.formatting import clock
from tui.views.users import has_several
from tui.worker_verbs import CannotSignal, stop

if TYPE_CHECKING:
    from engine.cluster.slurm import Job

HEAD = ("id", "user", "host", "device", "state", "since", "run", "job")
JOBS_HEAD = ("job", "state", "reason", "node", "worker")
JOB = "slurm:"
"""Prefix of a job's id among those of workers."""
workers = typer.Typer(
    help="Start, list and stop the workers that train the runs.", no_args_is_help=True, add_completion=False
)


@takes_home
def ls(home: Home, as_json: Json = False) -> int:
    """List the workers, and the jobs that wait for Slurm or run in it."""
    found = _listed(open_store(home.database, create=False))
    jobs, problem = _jobs(home)
    job_of = _jobs_of_workers(found, jobs)
    if as_json:
        documents = [_document(each, job_of) for each in found]
        print_json(
            {"workers": documents, "jobs": [_job_document(each, job_of) for each in jobs], "slurm": problem}
        )
        return 0
    if found:
        hidden = set() if has_several(each.user for each in found) else {"user"}
        hidden |= set() if job_of else {"job"}
        shown = [place for place, name in enumerate(HEAD) if name not in hidden]
        rows = [tuple(_row(each, job_of)[place] for place in shown) for each in found]
        head = tuple(HEAD[place] for place in shown)
        print_table(head, rows, right=("id", "run"), may_go=("job", "user"), may_shrink=("state", "host"))
    if jobs:
        print_table(JOBS_HEAD, [_job_row(each, job_of) for each in jobs], may_shrink=("reason", "node"))
    if problem:
        print_message(problem)
    elif not found and not jobs:
        print_message("there is no worker: start one with resnet-tui workers start")
    return 0


def _jobs(home: Home) -> tuple[list["Job"], str | None]:
    """Return the jobs, or why they cannot be listed."""
    from engine.cluster.errors import ClusterError
    from engine.cluster.slurm import jobs_of

    try:
        return jobs_of(home), None
    except ClusterError as error:
        return [], str(error)


def _listed(store: Store) -> list[ListedWorker]:
    with store.read() as session:
        return list_workers(session)


def _jobs_of_workers(found: Collection[ListedWorker], jobs: Collection["Job"]) -> dict[int, str]:
    """Return the job of each worker that runs in one, by the worker's id."""
    there = {each.id for each in found}
    return {worker_id: job.id for job in jobs for worker_id in job.workers if worker_id in there}


def _document(worker: ListedWorker, job_of: Mapping[int, str]) -> dict[str, Any]:
    return {
        **{name: getattr(worker, name) for name in ("id", "host", "pid", "device", "device_name", "state")},
        "user": worker.user,
        "since": worker.since.isoformat(),
        "run": worker.run_id,
        "job": job_of.get(worker.id),
    }


def _job_document(job: "Job", job_of: Mapping[int, str]) -> dict[str, Any]:
    return {
        **{name: getattr(job, name) or None for name in ("id", "state", "reason", "node")},
        "worker": next(iter(_workers_in(job, job_of)), None),
        "workers": _workers_in(job, job_of),
    }


def _workers_in(job: "Job", job_of: Mapping[int, str]) -> list[int]:
    return [worker_id for worker_id, job_id in job_of.items() if job_id == job.id]


def _row(worker: ListedWorker, job_of: Mapping[int, str]) -> tuple[str, ...]:
    run, job = str(worker.run_id or "–"), job_of.get(worker.id)
    since = clock(worker.since)
    where = (worker.user, worker.host, worker.device)
    return str(worker.id), *where, worker.state, since, run, JOB + job if job else ""


def _job_row(job: "Job", job_of: Mapping[int, str]) -> tuple[str, ...]:
    workers = ", ".join(map(str, _workers_in(job, job_of)))
    return JOB + job.id, job.state, job.reason, job.node, workers or "–"


@takes_home
@edits_runs
def stop_workers(
    home: Home,
    ids: Annotated[
        list[str] | None, typer.Argument(metavar="[ID…]", help="Workers and jobs, as `ls` lists them.")
    ] = None,
    every: Annotated[bool, typer.Option("--all", help="All of them.")] = False,
) -> int:
    """Stop workers and cancel jobs: each run in training gets a checkpoint and keeps its place in the queue."""
    if bool(ids) == every:
        raise CliError("give workers or --all: resnet-tui workers ls lists them")
    found = _listed(open_store(home.database, create=False))
    jobs, problem = _jobs(home)
    there = {str(each.id): each for each in found}
    known = {JOB + each.id: each for each in jobs if not each.is_elsewhere}
    wanted = [*there, *known] if every else _with_arrays(ids or (), known)
    for job in (each for each in jobs if each.is_elsewhere and (every or JOB + each.id in wanted)):
        print_message(f"{JOB}{job.id} was {job.reason}")
    for each in wanted:
        if each not in there and each not in known:
            what = "job" if each.startswith(JOB) else "worker"
            raise CliError(problem or f"there is no {what} {each}: resnet-tui workers ls lists them")
    cancelled = [known[each].id for each in wanted if each in known]
    job_of = _jobs_of_workers(found, jobs)
    code = _cancel(cancelled)
    asked = [there[each] for each in wanted if each in there]
    codes = [_stop(each, home) for each in asked if job_of.get(each.id) not in cancelled]
    if every and problem:
        print_message(problem)
    elif not wanted:
        print_message("there is no worker to stop")
    return max([code, *codes, int(bool(every and problem))])


def _with_arrays(ids: Sequence[str], known: Collection[str]) -> list[str]:
    """Return the ids once each, with the jobs of an array in the place of its own id."""
    jobs = {each: [job for job in known if job.startswith(f"{each}_")] for each in ids}
    return list(dict.fromkeys(found for each in ids for found in jobs[each] or [each]))


def _cancel(job_ids: Sequence[str]) -> int:
    from engine.cluster.slurm import cancel

    if job_ids:
        in_one_line(lambda: cancel(job_ids))
        print_message(f"cancelled: {', '.join(job_ids)}; runs in training keep their places and checkpoints")
    return 0


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
