"""Throughputs of runs, measured and expected: images per second, and the seconds that follow from them. Pure."""

import statistics
from collections.abc import Mapping, Sequence
from typing import NamedTuple, TypeAlias

LEAST_SPREAD = 0.1
"""Least relative error of a forecast, either way: two earlier runs of equal throughput prove little."""

Kind: TypeAlias = tuple[str, int, str, str]
"""Arch, image size in pixels, precision, stem: runs alike in these have the same throughput on one device."""


class Span(NamedTuple):
    """Time in seconds from now: earliest, most likely, latest."""

    low: float
    mid: float
    high: float

    def then(self, seconds: "Span") -> "Span":
        return Span(self.low + seconds.low, self.mid + seconds.mid, self.high + seconds.high)

    def not_before(self, other: "Span") -> "Span":
        return Span(max(self.low, other.low), max(self.mid, other.mid), max(self.high, other.high))


NOW = Span(0.0, 0.0, 0.0)


class Pace(NamedTuple):
    """Throughput in training images per second of a run's whole time, evaluation and start included."""

    slow: float
    usual: float
    fast: float


class PastRun(NamedTuple):
    """Throughput and number of images of an earlier run."""

    kind: Kind
    device: str
    data: str
    images: float
    """Training images of an epoch, each counted once even where the epoch shows it more often."""
    pace: Pace
    threads: int | None = None
    """Compute threads; None where they are not known."""
    training: float = 0.0
    """Training images per second of training alone."""
    batch_size: int = 0
    at_once: int = 1
    """Runs on its card while it trained, itself included."""
    shared_by: int | None = None
    """Runs that shared the processor's cores all the time, itself included; None where their number changed, and on a
    card."""


def images_shown(measured: float | None, steps: int, batch_size: int) -> float | None:
    """Return the training images that an epoch of so many steps shows. `measured`: those of the run's longest epoch, in
    which a stop leaves out what came before it; None before there is one.

    The steps alone tell it within a batch: None where that is more than LEAST_SPREAD."""
    most = steps * batch_size
    if measured is None or not steps:
        return most if steps * LEAST_SPREAD >= 1 else None
    return min(max(measured, most - batch_size + 1), most)


def duration(images: float, pace: Pace) -> Span:
    """Forecast the seconds for a number of images, from the fastest to the slowest measured throughput and at least
    LEAST_SPREAD either way."""
    usual = images / pace.usual
    low = min(images / pace.fast, usual * (1 - LEAST_SPREAD))
    return Span(low, usual, max(images / pace.slow, usual * (1 + LEAST_SPREAD)))


def pooled(paces: Sequence[Pace]) -> Pace:
    """Return the range and the median of several throughputs."""
    usual = statistics.median(pace.usual for pace in paces)
    return Pace(min(pace.slow for pace in paces), usual, max(pace.fast for pace in paces))


def shared_pace(measured: Mapping[int, Pace], at_once: int) -> Pace | None:
    """Return the throughput of a run beside others on one card; `measured` by how many were there at once.

    What was measured at that number counts. Else it is assumed that the runs divide what the card computes, though up
    to no loss at all is left open, and that a run beside fewer is no slower than beside more."""
    if not measured or at_once in measured:
        return measured.get(at_once)
    fewer = max((each for each in measured if each < at_once), default=None)
    more = min((each for each in measured if each > at_once), default=None)
    nearest = more if fewer is None else fewer
    assert nearest is not None
    slow, usual, fast = measured[nearest]
    share = nearest / at_once
    divided = Pace(slow * min(share, 1.0), usual * share, fast * max(share, 1.0))
    return divided if fewer is None or more is None else Pace(*map(max, divided, measured[more]))
