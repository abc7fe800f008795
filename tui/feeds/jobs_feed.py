"""Feed of a home's jobs in Slurm. Slurm is not asked where no job was submitted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from engine.files.paths import Home

if TYPE_CHECKING:
    from engine.cluster.slurm import Job


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
