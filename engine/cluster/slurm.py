"""Slurm's own commands: the jobs of a home in the queue, cancelling them, and the nodes of a partition."""

import os
import shutil
import signal
import subprocess
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cache

from engine.cluster.errors import ClusterError
from engine.cluster.submissions import Submission, submissions
from engine.files.paths import Home
from engine.hardware.worker_start import announced
from engine.text import plain

TIMEOUT_S = 20.0
FORMAT = "%i|%T|%N|%r"
ELSEWHERE = "UNKNOWN"
"""State of a job that was submitted in another cluster."""


@dataclass(frozen=True)
class Job:
    """Job in Slurm's queue."""

    id: str
    state: str
    """In Slurm's words: PENDING, RUNNING, COMPLETING, …"""
    reason: str
    """Slurm's reason for waiting, such as Resources, Priority or BeginTime; empty for a job that runs."""
    node: str
    workers: tuple[int, ...]
    """Ids of its workers, of those that have left too; none before the first is in the run table."""

    @property
    def is_elsewhere(self) -> bool:
        """True for a job of another cluster, which this host's commands cannot know or cancel."""
        return self.state == ELSEWHERE


def jobs_of(home: Home, *, forget: bool = True) -> list[Job]:
    """Return the jobs of a home that Slurm lists, and those of other clusters, which it cannot know; it is not asked
    where none was submitted. With `forget` the files of those that have ended are deleted. Raises ClusterError."""
    known = {each: each.read_jobs() for each in submissions(home)}
    if not any(known.values()):
        return []
    here = cluster() if any(each.cluster for each in known) else ""
    jobs = [
        Job(job_id, ELSEWHERE, f"submitted in cluster {plain(there)}: ask there", "", ())
        for submission, ids in known.items()
        for job_id in ids
        if (there := submission.cluster) not in ("", here)
    ]
    known = {each: ids for each, ids in known.items() if each.cluster in ("", here)}
    return jobs + (_listed(known, forget=forget) if any(known.values()) else [])


def _listed(known: Mapping[Submission, list[str]], *, forget: bool) -> list[Job]:
    """Return the jobs of submissions in this cluster that Slurm lists."""
    lines = _ask(
        "squeue", "--noheader", "--array", f"--user={os.getuid()}", f"--format={FORMAT}"
    ).splitlines()
    found = {line.split("|")[0]: line.split("|", 3) for line in lines if line.count("|") >= 3}
    jobs = []
    for submission, ids in known.items():
        for job_id in ids:
            if job_id in found:
                _, state, node, reason = map(plain, found[job_id])
                shown = "" if reason == "None" else reason
                workers = tuple(announced(submission.announcements(job_id)))
                jobs.append(Job(job_id, state, shown, node, workers))
        if forget and found.keys().isdisjoint(ids):
            submission.forget()
    return jobs


@cache
def cluster() -> str:
    """Return the name of this host's cluster, for which Slurm is asked once; empty where its configuration has none.
    Raises ClusterError."""
    for line in _ask("scontrol", "show", "config").splitlines():
        name, _, value = line.partition("=")
        if name.strip() == "ClusterName":
            return value.strip()
    return ""


def cancel(ids: Iterable[str]) -> None:
    """Cancel jobs: their workers checkpoint and leave. Raises ClusterError."""
    _ask("scancel", *ids)


def requeue(job_id: str) -> None:
    """Put the job that this process is of back into the queue. Raises ClusterError.

    Slurm ends all processes of the job meanwhile, by a signal that its own command must not take."""
    _ask("scontrol", "requeue", job_id, preexec_fn=lambda: signal.signal(signal.SIGTERM, signal.SIG_IGN))


def nodes(partition: str | None, named: str | None) -> set[str]:
    """Return the host names of a partition's nodes, of those `named` alone if any. Raises ClusterError."""
    chosen = [f"--partition={partition}"] if partition else []
    chosen += [f"--nodes={named}"] if named else []
    return set(_ask("sinfo", "--noheader", "--Node", "--format=%n", *chosen).split())


def require() -> None:
    """Raise ClusterError where this host has no Slurm."""
    if shutil.which("sbatch") is None or shutil.which("srun") is None:
        raise ClusterError(
            "there is no Slurm here (sbatch is not found): call this on a cluster's login node"
        )


def own_words(text: str, otherwise: str) -> str:
    """Return what a command of Slurm's wrote to standard error, as one line."""
    lines = [line.partition("error: ")[2] or line for line in text.splitlines() if line.strip()]
    return plain("; ".join(dict.fromkeys(lines))) or otherwise


def _ask(*command: str, preexec_fn: Callable[[], object] | None = None) -> str:
    """Return what a command prints, which begins with `preexec_fn`. Raises ClusterError with its own words."""
    try:
        done = subprocess.run(
            command,
            capture_output=True,
            text=True,
            timeout=TIMEOUT_S,
            stdin=subprocess.DEVNULL,
            check=False,
            preexec_fn=preexec_fn,
        )
    except OSError as error:
        raise ClusterError(
            f"{command[0]} cannot be called ({error.strerror}): is this a cluster's node?"
        ) from None
    except subprocess.TimeoutExpired:
        raise ClusterError(
            f"Slurm does not answer within {TIMEOUT_S:.0f} s ({command[0]}): try again later"
        ) from None
    if done.returncode:
        raise ClusterError(f"Slurm says: {own_words(done.stderr, f'{command[0]} failed')}")
    return done.stdout
