"""Horizontal axes of curves: epochs, steps or the time of training. Pure."""

import statistics
from bisect import bisect_right
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import assert_never

from tui.plots import Line
from tui.plots.axes import EPOCH, STEP, TIME, Axis

AXES: tuple[Axis, ...] = (EPOCH, STEP, TIME)


@dataclass(frozen=True)
class Pace:
    """Steps and seconds of a run's epochs."""

    steps_per_epoch: int
    """0 where it is not known yet."""
    seconds: tuple[tuple[float, float], ...]
    """Epoch and the seconds that its training took, in order; one that was not measured is taken to be the mean."""

    @cached_property
    def _times(self) -> list[float]:
        """Seconds of training from the start to the end of each epoch, from 0 on."""
        known, times = dict(self.seconds), [0.0]
        mean = statistics.fmean(known.values()) if known else 0.0
        for epoch in range(1, int(self.seconds[-1][0]) + 1 if self.seconds else 0):
            times.append(times[-1] + known.get(float(epoch), mean))
        return times

    def at(self, axis: Axis, epoch: float) -> float | None:
        """Return the place of an epoch on an axis, past the newest at the mean pace; None where it is not known."""
        match axis:
            case "epoch":
                return epoch
            case "step":
                return epoch * self.steps_per_epoch if self.steps_per_epoch else None
            case "time":
                return self._time_at(epoch)
        assert_never(axis)

    def _time_at(self, epoch: float) -> float | None:
        times = self._times
        newest = len(times) - 1
        if not times[-1]:
            return None
        if epoch >= newest:
            return times[-1] + (epoch - newest) * times[-1] / newest
        whole = int(epoch)
        return times[whole] + (epoch - whole) * (times[whole + 1] - times[whole])

    def epoch_at(self, axis: Axis, x: float) -> float | None:
        """Return the epoch at a place of an axis."""
        match axis:
            case "epoch":
                return x
            case "step":
                return x / self.steps_per_epoch if self.steps_per_epoch else None
            case "time":
                return self._epoch_at_time(x)
        assert_never(axis)

    def _epoch_at_time(self, x: float) -> float | None:
        times = self._times
        newest = len(times) - 1
        if not times[-1]:
            return None
        if x >= times[-1]:
            return newest + (x - times[-1]) * newest / times[-1]
        whole = max(bisect_right(times, x) - 1, 0)
        return whole + (x - times[whole]) / (times[whole + 1] - times[whole])


def placed(lines: list[Line], axis: Axis, pace_of: Callable[[int | None], Pace]) -> list[Line]:
    """Return lines over epochs as lines over an axis; without those of runs that are not known to have a place there.

    `pace_of` takes the place of a line's run among those that are compared."""
    if axis == EPOCH:
        return lines
    found = []
    for line in lines:
        pace = pace_of(line.of)
        if line.level:
            found.append(line)
        elif pace.at(axis, 1.0) is not None:
            points = tuple((pace.at(axis, x) or 0.0, y) for x, y in line.points)
            band = tuple((pace.at(axis, x) or 0.0, low, high) for x, low, high in line.band)
            found.append(replace(line, points=points, band=band))
    return found
