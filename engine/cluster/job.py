"""Job of Slurm: a worker that is told before the time limit, and requeued while runs are left."""

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

from engine.cluster.errors import ClusterError
from engine.cluster.slurm import requeue
from engine.cluster.submissions import Submission
from engine.files.paths import Home, write_atomic
from engine.files.privacy import keep_private
from engine.hardware.worker_start import worker_command
from engine.store import listing
from engine.store.database import open_store
from engine.store.errors import StoreError
from engine.text import log


class JobWorker:
    """Function of a job. Submitit stores it in a file, runs it on a node, and calls `checkpoint` at Slurm's warning; a
    requeued job runs the same file."""

    def __init__(self, home: Home, submission: Submission, arguments: Sequence[str] = ()) -> None:
        """Prepare the job; of the home only its folders are stored, because the database's URL may hold a password.

        `arguments`: further options of the worker."""
        self._root, self._cache, self._folder = str(home.root), str(home.cache), str(submission.folder)
        self._arguments = (*arguments, "--drain")
        self._pid: int | None = None

    def __call__(self) -> None:
        """Run a worker until the queue is empty; exit with its code if that is not 0."""
        keep_private()
        home, submission = self._home(), Submission(Path(self._folder))
        announcements = submission.announcements(_own_id())
        write_atomic(announcements, b"")
        command = worker_command(home, arguments=self._arguments, announcements=announcements)
        worker = subprocess.Popen(command, stdin=subprocess.DEVNULL, cwd=home.root, env=home.environment())
        self._pid = worker.pid
        _wait(worker.pid)
        if code := worker.wait():
            sys.exit(code)

    def checkpoint(self) -> NoReturn:
        """Have the worker write a checkpoint and leave; requeue the job where runs wait, and exit.

        Called in the handler of a signal, while `__call__` waits."""
        if self._pid is not None:
            log("the time limit is near: the worker writes a checkpoint and leaves")
            with contextlib.suppress(ProcessLookupError, ChildProcessError):  # it has just left
                os.kill(self._pid, signal.SIGUSR1)
                _wait(self._pid)
        if not self._is_needed():
            log("no run waits: the job ends")
            sys.exit(0)
        try:
            requeue(_own_id())
        except ClusterError as error:
            log(f"{error}: the job ends here; start another with resnet-tui workers start --slurm")
            sys.exit(1)
        log("the job is in Slurm's queue again, and goes on when Slurm starts it")
        sys.exit(0)

    def _home(self) -> Home:
        url = Submission(Path(self._folder)).database.read_text()
        return Home.find(Path(self._root), url, Path(self._cache))

    def _is_needed(self) -> bool:
        """Return True where runs wait for a worker, or where that cannot be found out now."""
        try:
            with open_store(self._home().database, create=False).read() as session:
                pending = listing.pending(session)
                return "queued" in listing.statuses_there(session, pending).values()
        except StoreError as error:
            log(f"{error}; the job is requeued")
            return True


def _wait(pid: int) -> None:
    """Wait until a child has ended, and leave it to be collected: Popen's own lock would stop a signal's handler."""
    os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)


def _own_id() -> str:
    """Return the id of this job as squeue lists it."""
    array = os.environ.get("SLURM_ARRAY_JOB_ID")
    return f"{array}_{os.environ['SLURM_ARRAY_TASK_ID']}" if array else os.environ["SLURM_JOB_ID"]
