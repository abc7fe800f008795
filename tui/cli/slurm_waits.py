"""Jobs that wait in Slurm as the reason why runs wait, where no worker is there."""

from collections.abc import Mapping
from dataclasses import replace

from engine.files.paths import Home
from engine.queries.waiting import NO_WORKER, Waiting
from tui.feeds.jobs_feed import JobsFeed, waiting_jobs


def with_jobs_that_wait(home: Home, waiting: Mapping[int, Waiting]) -> dict[int, Waiting]:
    """Return the reasons, with the jobs that wait in place of missing workers. Slurm is asked where those are missing
    alone."""
    lacking = {run_id: told for run_id, told in waiting.items() if told.reason == NO_WORKER}
    words = jobs_that_wait(home) if lacking else ""
    named = {run_id: replace(told, reason=words or NO_WORKER) for run_id, told in lacking.items()}
    return {**waiting, **named}


def jobs_that_wait(home: Home) -> str:
    """Return `waits for Slurm (2 jobs: Resources)`; empty where no job waits."""
    return waiting_jobs(JobsFeed(home).poll().jobs)
