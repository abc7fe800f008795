"""Watch of a run in training for steps that do not come."""

from collections.abc import Hashable
from typing import NamedTuple

TIMES = 10.0
"""A run has stalled when no step came for so many times its longest pause so far: evaluations are in that pause."""
LEAST_S = 300.0
"""It has not before this: a short pause says little of a busy disk."""
LEAST_PAUSES = 5
"""Pauses that must be known before one is called long."""
UNSEEN_S = 60.0
"""Nobody looked for longer than this: the run is not blamed for it."""


class Stall(NamedTuple):
    """Run that has stalled; seconds."""

    quiet_s: float
    usual_s: float

    @property
    def times(self) -> float:
        return self.quiet_s / self.usual_s


class StallWatch:
    """Watch of the runs that one worker trains, one after the other."""

    def __init__(self, *, times: float = TIMES, least_s: float = LEAST_S) -> None:
        self._times, self._least_s = times, least_s
        self._of: Hashable = None
        self._progress: Hashable = None
        self._changed_s = self._looked_s = self._usual_s = 0.0
        self._pauses = 0

    def watches(self, of: Hashable) -> bool:
        """Return True for the attempt that was begun last."""
        return of == self._of

    def begin(self, of: Hashable, now_s: float, usual_s: float = 0.0) -> None:
        """Begin with an attempt, at a time of a monotonic clock; `usual_s`: the longest pause known of earlier ones."""
        self._of, self._progress, self._changed_s, self._looked_s = of, None, now_s, now_s
        self._usual_s, self._pauses = usual_s, 0

    def look(self, progress: Hashable, now_s: float) -> Stall | None:
        """Note how far the attempt is; return its stall, at every look from the discovery on."""
        self._changed_s += max(now_s - self._looked_s - UNSEEN_S, 0.0)
        self._looked_s, quiet_s = now_s, now_s - self._changed_s
        if progress != self._progress:
            self._usual_s = max(self._usual_s, quiet_s)
            self._progress, self._changed_s, self._pauses = progress, now_s, self._pauses + 1
            return None
        if self._pauses < LEAST_PAUSES or quiet_s < max(self._times * self._usual_s, self._least_s):
            return None
        return Stall(quiet_s, self._usual_s)
