"""Submission of workers to Slurm, through submitit."""

import contextlib
import io
import os
import shlex
import shutil
import sys
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from engine.alerts.address import VARIABLE
from engine.cluster import slurm
from engine.cluster.errors import ClusterError
from engine.cluster.options import WARN_S, SlurmOptions
from engine.cluster.shared_table import is_this_host, require_shared_table
from engine.cluster.submissions import Submission, new_submission
from engine.files.paths import DB_VARIABLE, Home
from engine.files.privacy import OTHERS, secure_home

if TYPE_CHECKING:
    from submitit import SlurmExecutor

NAME = "resnet-tui"


def submit(
    home: Home, options: SlurmOptions, arguments: Sequence[str] = (), *, warn_s: int = WARN_S
) -> list[str]:
    """Submit workers of a home, with these arguments, and return the ids of their jobs. Raises ClusterError."""
    slurm.require()
    _require_shared(home, options)
    try:
        from submitit.core.utils import FailedJobError, FailedSubmissionError

        from engine.cluster.job import JobWorker
    except ModuleNotFoundError:
        raise ClusterError("--slurm needs submitit: pip install 'resnet-tui[slurm]'") from None
    secure_home(home)
    with _private_files():
        submission = new_submission(home)
        try:
            submission.write_cluster(slurm.cluster())
            executor = _executor(home, submission, options, warn_s)
            job = JobWorker(home, submission, arguments)
            with _without_secrets(), contextlib.redirect_stderr(io.StringIO()), executor.batch():
                submitted = [executor.submit(job) for _ in range(options.count)]
            ids = [each.job_id for each in submitted]
            submission.write_jobs(ids)
        except BaseException as error:
            shutil.rmtree(submission.folder, ignore_errors=True)
            if isinstance(error, (FailedJobError, FailedSubmissionError)):
                raise ClusterError(f"Slurm says: {slurm.own_words(str(error), 'sbatch failed')}") from None
            raise
    return ids


def _executor(home: Home, submission: Submission, options: SlurmOptions, warn_s: int) -> "SlurmExecutor":
    from submitit import SlurmExecutor
    from submitit.slurm.slurm import SlurmJobEnvironment

    # The batch shell becomes the job's process, to which alone Slurm's warning (`B:`) goes: the worker and its training
    # have other uses for signals. -P: the home is the process's folder, and must not be searched for modules.
    python = f"exec {shlex.quote(sys.executable)} -P"
    executor = SlurmExecutor(submission.folder, python=python)
    own: dict[str, Any] = {
        "signal": f"B:{SlurmJobEnvironment.USR_SIG}@{warn_s}",
        "requeue": True,
        "chdir": str(home.root),
    }
    executor.update_parameters(
        job_name=NAME,
        time=options.minutes,
        use_srun=False,
        stderr_to_stdout=True,
        wckey=None,
        additional_parameters=own | options.sbatch,
    )
    return executor


def _require_shared(home: Home, options: SlurmOptions) -> None:
    """Raise ClusterError where a job may run on a host that cannot use the run table."""
    given = {name: str(options.sbatch[name]) for name in ("partition", "nodelist") if name in options.sbatch}
    if not is_this_host(slurm.nodes(given.get("partition"), given.get("nodelist"))):
        require_shared_table(home)


@contextlib.contextmanager
def _private_files() -> Iterator[None]:
    before = os.umask(OTHERS)
    try:
        yield
    finally:
        os.umask(before)


@contextlib.contextmanager
def _without_secrets() -> Iterator[None]:
    """Take the database's URL and addresses of alerts out of the environment, which sbatch sends along with a job."""
    taken = {name: os.environ.pop(name) for name in (DB_VARIABLE, VARIABLE) if name in os.environ}
    try:
        yield
    finally:
        os.environ.update(taken)
