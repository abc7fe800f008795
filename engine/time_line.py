"""Time line of a run: the seconds of each phase, from the claim of an attempt to its end."""

import threading
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class Phase(StrEnum):
    """Phase of an attempt, in the order in which they are shown; the values are keys in the run table and in JSON."""

    PROCESS = "process"
    LIST = "list"
    CHANGES = "changes"
    PACKING = "packing"
    BUILDING = "building"
    EPOCH_0 = "epoch_0"
    TRAINING = "training"
    EVALUATION = "evaluation"
    CHECKPOINTS = "checkpoints"
    BEST_WEIGHTS = "best_weights"
    PREDICTIONS = "predictions"
    TABLE = "table"
    PROFILE = "profile"
    REST = "rest"


WORDS: Mapping[Phase, str] = {
    Phase.PROCESS: "waiting for a process",
    Phase.LIST: "reading the list of images",
    Phase.CHANGES: "checking for changed files",
    Phase.PACKING: "packing",
    Phase.BUILDING: "building the network",
    Phase.EPOCH_0: "evaluating before the first step",
    Phase.TRAINING: "training",
    Phase.EVALUATION: "evaluating after an epoch",
    Phase.CHECKPOINTS: "writing checkpoints",
    Phase.BEST_WEIGHTS: "writing the best weights",
    Phase.PREDICTIONS: "writing predictions",
    Phase.TABLE: "judging and writing to the run table",
    Phase.PROFILE: "writing the profile",
    Phase.REST: "the rest",
}

STAGES: Mapping[str, tuple[Phase, ...]] = {
    "start": (Phase.PROCESS, Phase.LIST, Phase.CHANGES, Phase.BUILDING),
    "packing": (Phase.PACKING,),
    "training": (Phase.TRAINING,),
    "evaluation": (Phase.EPOCH_0, Phase.EVALUATION),
    "files": (Phase.CHECKPOINTS, Phase.BEST_WEIGHTS, Phase.PREDICTIONS),
    "run table": (Phase.TABLE,),
    "the rest": (Phase.PROFILE, Phase.REST),
}
"""Phases put together, where there is no room for all."""

LEAST_S = 0.0005
"""Shorter phases are not shown: a phase that an attempt merely passes takes microseconds."""


class PhaseClock:
    """Stopwatch that is in exactly one phase at any time, so that the seconds of all phases sum to those since its
    start. One thread moves it from phase to phase; others work `beside` it."""

    def __init__(self, began_s: float | None = None) -> None:
        """Start in Phase.PROCESS, at `began_s` of `time.monotonic`, which all processes of a host share; else now."""
        now = time.monotonic()
        self._phase, self._since = Phase.PROCESS, min(now, now if began_s is None else began_s)
        self._seconds: dict[Phase, float] = {}
        self._lock = threading.Lock()
        self._thread = threading.local()

    @contextmanager
    def beside(self) -> Iterator[None]:
        """Count nothing of the block: this thread works beside the one whose phases are counted."""
        self._thread.is_beside = True
        try:
            yield
        finally:
            self._thread.is_beside = False

    @contextmanager
    def phase(self, phase: Phase) -> Iterator[None]:
        """Count the time of the block for `phase`, and not for the phase around it."""
        if getattr(self._thread, "is_beside", False):
            yield
            return
        before = self._phase
        self.enter(phase)
        try:
            yield
        finally:
            self.enter(before)

    def enter(self, phase: Phase) -> None:
        """Count the time from now on for `phase`."""
        with self._lock:
            self._count()
            self._phase = phase

    def seconds(self) -> dict[str, float]:
        """Return the seconds of each phase until now."""
        with self._lock:
            self._count()
            return {phase.value: round(seconds, 4) for phase, seconds in self._seconds.items()}

    def _count(self) -> None:
        now = time.monotonic()
        self._seconds[self._phase] = self._seconds.get(self._phase, 0.0) + now - self._since
        self._since = now


@dataclass(frozen=True)
class PhaseTime:
    """Seconds of a phase, and their share of the run's wall time."""

    phase: Phase
    seconds: float
    share: float

    @property
    def words(self) -> str:
        return WORDS[self.phase]


@dataclass(frozen=True)
class TimeLine:
    """Seconds of a run by phase, summed over its attempts."""

    phases: tuple[PhaseTime, ...]
    """Phases of LEAST_S seconds or more, in the order of Phase."""
    attempts: int
    """Attempts whose times were kept."""

    @property
    def wall_s(self) -> float:
        """Return the seconds from each attempt's claim to its last record; a queued or paused run's wait is not in."""
        return sum(each.seconds for each in self.phases)

    def share(self, stage: str) -> float:
        """Return the share of one of STAGES in the wall time, 0 to 1."""
        return sum(each.share for each in self.phases if each.phase in STAGES[stage])

    def document(self) -> dict[str, Any]:
        """Return the time line for JSON."""
        return {
            "wall_s": round(self.wall_s, 3),
            "attempts": self.attempts,
            "phases": [
                {
                    "phase": each.phase.value,
                    "name": each.words,
                    "seconds": round(each.seconds, 3),
                    "share": round(each.share, 4),
                }
                for each in self.phases
            ],
        }


def time_line_of(attempts: Iterable[Mapping[str, float]]) -> TimeLine | None:
    """Sum the seconds of a run's attempts by phase; None where none was kept, as for runs of earlier versions.

    A phase that this version does not know, of a newer one, counts as the rest."""
    totals, count, known = dict.fromkeys(Phase, 0.0), 0, {phase.value for phase in Phase}
    for seconds in attempts:
        count += 1
        for key, value in seconds.items():
            totals[Phase(key) if key in known else Phase.REST] += value
    wall_s = sum(totals.values())
    if not wall_s:
        return None
    phases = (PhaseTime(phase, value, value / wall_s) for phase, value in totals.items() if value >= LEAST_S)
    return TimeLine(tuple(phases), count)
