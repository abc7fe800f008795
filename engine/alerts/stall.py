"""Watch of a run in training for steps that do not come."""

from collections.abc import Callable, Hashable
from typing import NamedTuple

TIMES = 10.0
"""A run has stalled when no step came for so many times the longest pause between two steps, evaluations included."""
LEAST_S = 300.0
"""It has not before this: a short pause says little of a busy disk."""
LEAST_STEPS = 5
"""Times that a step must have been seen before a pause is called long."""
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
        self._steps = 0

    def watches(self, of: Hashable) -> bool:
        """Return True for the attempt that was begun last."""
        return of == self._of

    def begin(self, of: Hashable, progress: Hashable, now_s: float) -> None:
        """Begin with an attempt, at a time of a monotonic clock. The time until its first step is no usual pause."""
        self._of, self._progress, self._changed_s, self._looked_s = of, progress, now_s, now_s
        self._usual_s, self._steps = 0.0, 0

    def look(self, progress: Hashable, now_s: float, known_s: Callable[[], float]) -> Stall | None:
        """Note how far the attempt is; return its stall, at every look from the discovery on. `known_s` gives a pause
        that is known to be usual though it was not seen."""
        self._changed_s += max(now_s - self._looked_s - UNSEEN_S, 0.0)
        self._looked_s, quiet_s = now_s, now_s - self._changed_s
        if progress != self._progress:
            if self._steps:
                self._usual_s = max(self._usual_s, quiet_s)
            self._progress, self._changed_s, self._steps = progress, now_s, self._steps + 1
            return None
        if self._steps < LEAST_STEPS or quiet_s < max(self._times * self._usual_s, self._least_s):
            return None
        usual_s = max(self._usual_s, known_s())
        return Stall(quiet_s, usual_s) if quiet_s >= self._times * usual_s else None
