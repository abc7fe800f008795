"""Feed of a home's jobs in Slurm. Slurm is not asked where no job was submitted."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from engine.files.paths import Home
from tui.feeds.reader_thread import ReaderThread

if TYPE_CHECKING:
    from engine.cluster.slurm import Job

PENDING = "PENDING"
FOR_SLURM = "waits for Slurm"
"""Beginning of the reason why a run waits where no worker is there yet but jobs wait: its first words tell it, for
columns cut the rest."""
STARTING = "a worker is starting"
"""Reason why runs wait while the worker that was started here has not shown up in the run table."""
LOOK_EVERY_S = 10.0


@dataclass(frozen=True)
class JobsView:
    """Jobs that Slurm lists, or why it cannot be asked."""

    jobs: tuple[Job, ...] = ()
    problem: str = ""


class JobsFeed:
    """Feed of the jobs, which writes nothing. Used by one thread at a time: squeue may take seconds."""

    def __init__(self, home: Home) -> None:
        self._home = home

    def poll(self) -> JobsView:
        if not (self._home.root / "runs" / "slurm").is_dir():
            return JobsView()
        from engine.cluster.errors import ClusterError
        from engine.cluster.slurm import jobs_of

        try:
            return JobsView(tuple(jobs_of(self._home, forget=False)))
        except ClusterError as error:
            return JobsView(problem=str(error))

    def close(self) -> None:
        """Nothing is open between two polls."""


def count_waiting(jobs: Sequence[Job]) -> int:
    return sum(job.state == PENDING for job in jobs)


def waiting_jobs(jobs: Sequence[Job]) -> str:
    """Say that runs wait for jobs in Slurm, with its reasons: `waits for Slurm (2 jobs: Resources)`; empty for none."""
    if not (number := count_waiting(jobs)):
        return ""
    count = f"{number} job{'s' * (number != 1)}"
    reasons = ", ".join(dict.fromkeys(job.reason for job in jobs if job.state == PENDING and job.reason))
    return f"{FOR_SLURM} ({count}: {reasons})" if reasons else f"{FOR_SLURM} ({count})"


class WorkersToCome:
    """Watch over the jobs that wait in Slurm, in a thread of its own: workers that are not there yet."""

    def __init__(self, home: Home, crashed: Callable[[Exception], object]) -> None:
        self._feed, self.words = JobsFeed(home), ""
        self._reader = ReaderThread[None]("jobs that wait", self._read, crashed)
        self._next = 0.0

    def look(self) -> None:
        """Have Slurm asked, if it was not just now; for while runs wait and no worker is there."""
        now = time.monotonic()
        if now >= self._next and self._reader.has_rested:
            self._next = now + LOOK_EVERY_S
            self._reader.ask(None)

    def stop(self) -> None:
        self._reader.stop()

    def _read(self, _question: None) -> None:
        self.words = waiting_jobs(self._feed.poll().jobs)
