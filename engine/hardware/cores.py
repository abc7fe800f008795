"""Cores for a training on the CPU: those that this process may use, less what other processes keep busy."""

import math
import os
from collections import deque
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from engine.hardware.control_groups import ROOT, own_groups

PROC = Path("/proc")
MAX_THREADS = 8
READINGS = 5
"""Latest readings whose median counts: a program that only starts is no load."""


def thread_count(cores: int) -> int:
    """Return the compute threads of a training that has so many cores: at least 1, at most MAX_THREADS."""
    return max(1, min(cores, MAX_THREADS))


def usable_cores(root: Path = ROOT) -> int:
    """Return the cores that this process may use: those of its affinity, at most its control groups' quota of time.

    Source of the quota: cgroup-v2 (cpu.max) and cgroup-v1 (cpu.cfs_quota_us) of the kernel's documentation."""
    found = (_quota(folder, group.is_v2) for group in own_groups("cpu", root) for folder in group.upwards())
    quotas = [math.ceil(quota) for quota in found if quota is not None]
    return max(1, min([affinity(), *quotas]))


def affinity() -> int:
    return len(os.sched_getaffinity(0))


def _quota(folder: Path, is_v2: bool) -> float | None:
    """Return the cores' worth of time that a group may use; None where there is no limit."""
    try:
        if is_v2:
            given, period = (folder / "cpu.max").read_text().split()
        else:
            given, period = (
                (folder / name).read_text().strip() for name in ("cpu.cfs_quota_us", "cpu.cfs_period_us")
            )
        return int(given) / int(period) if given not in ("max", "-1") else None
    except (OSError, ValueError, ZeroDivisionError):
        return None


@dataclass(frozen=True)
class CoreShare:
    """Share of the host's cores that one training gets."""

    usable: int
    """Cores that the process may use."""
    workers: int = 1
    """Workers of this host that train on its CPU at once, this one included."""
    others: float | None = None
    """Cores that processes outside this worker keep busy, other trainings too; None where that was not measured."""
    there: int = 0
    """Cores of the affinity, within a quota or not; 0: as many as are usable."""

    @property
    def free(self) -> int:
        """Return the cores for one training, at least 1."""
        return max(1, min(self._part, self._left))

    @property
    def why(self) -> str:
        """Say what takes cores away; empty where nothing does."""
        if self.free == self.usable:
            return ""
        if self._part < self._left or self.others is None:
            return f"{self.workers} workers share {self.usable} cores"
        return f"other processes keep {self.others:.1f} of {self.there or self.usable} cores busy"

    @property
    def _part(self) -> int:
        return self.usable // self.workers

    @property
    def _left(self) -> int:
        there = self.there or self.usable
        return there if self.others is None else there - round(self.others)


class CoreMeter:
    """Meter of the cores that processes of others keep busy, from one reading to the next.

    Source: proc(5), /proc/stat by core and /proc/PID/stat, fields 14 and 15, both in clock ticks. Time that a
    hypervisor takes counts for nobody."""

    def __init__(self, ours: Collection[int]) -> None:
        """Begin with a first reading; `ours` are the processes that do not count."""
        self._readings: deque[float] = deque(maxlen=READINGS)
        self._before = _Ticks.now(ours)

    def read(self, ours: Collection[int]) -> None:
        """Take a reading; it is left out where `ours` are not those of the reading before."""
        before, now = self._before, _Ticks.now(ours)
        self._before = now
        if before is None or now is None or before.own.keys() != now.own.keys():
            return
        passed = now.passed - before.passed
        if passed > 0:
            busy = now.busy - before.busy - sum(now.own.values()) + sum(before.own.values())
            self._readings.append(max(busy, 0) / passed)

    @property
    def others(self) -> float | None:
        """Return the cores that others keep busy, the median of the latest readings; None where there is none."""
        return median(self._readings) if self._readings else None


@dataclass(frozen=True)
class _Ticks:
    busy: int
    """Of all cores that this process may use."""
    passed: float
    """Of one core."""
    own: dict[int, int]
    """Of each of our processes."""

    @staticmethod
    def now(ours: Collection[int]) -> "_Ticks | None":
        """Read the clocks; None where the kernel does not tell."""
        cores = {f"cpu{number}" for number in os.sched_getaffinity(0)}
        busy = passed = seen = 0
        try:
            for line in (PROC / "stat").read_text().splitlines():
                name, *fields = line.split()
                if name in cores:
                    user, nice, system, idle, waiting, interrupts, soft, steal = map(int, fields[:8])
                    busy += user + nice + system + interrupts + soft
                    passed += user + nice + system + interrupts + soft + idle + waiting + steal
                    seen += 1
        except (OSError, ValueError):
            return None
        own = {pid: ticks for pid in ours if (ticks := _ticks_of(pid)) is not None}
        return _Ticks(busy, passed / seen, own) if seen else None


def _ticks_of(pid: int) -> int | None:
    try:
        fields = (PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    return int(fields[11]) + int(fields[12])
