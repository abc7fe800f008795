"""Options of `workers start --slurm`, as KEY=VALUE."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from engine.cluster.errors import ClusterError
from engine.text import plain

MOST_JOBS = 1000
WARN_S = 120
"""Seconds before a job's time limit at which its worker is told, where nobody says otherwise."""
REFUSED = {
    "array": "give count=N for several workers",
    "signal": "give --warn SECONDS",
    "output": "the logs are in runs/slurm of the home",
    "error": "the logs are in runs/slurm of the home",
    "open-mode": "the logs of requeued jobs are appended to",
    "chdir": "a worker starts in its home",
    "wrap": "the jobs are workers",
    "requeue": "the jobs are requeued while runs are left",
    "no-requeue": "the jobs are requeued while runs are left",
    "nodes": "a worker uses one node: give count=N for several",
    "ntasks": "a worker is one task: give count=N for several",
    "ntasks-per-node": "a worker is one task: give count=N for several",
    "clusters": "squeue, which lists the jobs, and the jobs' own calls ask this host's cluster",
    "wait": "workers start returns once Slurm has the jobs",
    **dict.fromkeys(
        ("parsable", "quiet", "test-only"), "sbatch would not name the jobs as workers start reads them"
    ),
}
"""Options of sbatch that are the program's own, and what to do instead."""
_KEY = re.compile(r"[a-z][a-z0-9_-]+")
"""Long names alone: `--p` would be another option than `-p`."""


@dataclass(frozen=True)
class SlurmOptions:
    """Jobs to submit."""

    minutes: int
    """Time limit of a job."""
    count: int = 1
    sbatch: dict[str, str | bool] = field(default_factory=dict)
    """Further options of sbatch, by their long names; True for those without a value."""


def parse_options(given: Sequence[str], *, warn_s: int = WARN_S) -> SlurmOptions:
    """Read the options of a call. Raises ClusterError."""
    found: dict[str, str | bool] = {}
    for text in given:
        key, has_value, value = text.partition("=")
        key = key.removeprefix("--").replace("_", "-")
        if not _KEY.fullmatch(key) or not value.isprintable() or (has_value and not value):
            raise ClusterError(
                f"{plain(repr(text))} is no option of sbatch: write KEY=VALUE, such as gres=gpu:1"
            )
        if key in REFUSED:
            raise ClusterError(f"{key} cannot be given: {REFUSED[key]}")
        if key in found:
            raise ClusterError(f"{key} is given twice: give it once")
        found[key] = value if has_value else True
    count, time = found.pop("count", "1"), found.pop("time", "")
    minutes = minutes_of(str(time))
    if minutes * 60 <= warn_s:
        raise ClusterError(f"time={time} is no longer than the warning of {warn_s} s: give a longer time")
    return SlurmOptions(minutes, _count(str(count)), found)


def _count(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and 1 <= int(text) <= MOST_JOBS):
        raise ClusterError(f"count={text} must be a number, 1 to {MOST_JOBS}")
    return int(text)


def minutes_of(text: str) -> int:
    """Read a time limit as sbatch writes it: minutes, minutes:seconds, hours:minutes:seconds, days-hours,
    days-hours:minutes or days-hours:minutes:seconds; part of a minute counts as one. Raises ClusterError."""
    days, has_days, clock = text.rpartition("-")
    parts = [days, *clock.split(":")] if has_days else clock.split(":")
    if len(parts) > (4 if has_days else 3) or not all(part.isascii() and part.isdecimal() for part in parts):
        raise ClusterError("give a time limit as sbatch takes it, such as time=4:00:00 or time=1-12")
    numbers = [int(part) for part in parts]
    units = (1440 * 60, 3600, 60, 1) if has_days else {1: (60,), 2: (60, 1), 3: (3600, 60, 1)}[len(numbers)]
    return -(-sum(number * unit for number, unit in zip(numbers, units, strict=False)) // 60)
