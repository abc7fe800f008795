"""Interface of what keeps a session's measurements."""

from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Protocol

from engine.datasets.index import Index
from engine.training.epoch_sums import EpochSums
from engine.training.loss_curve import Bucket
from engine.training.measure import Choice, EpochResult


@dataclass(frozen=True)
class ResumePoint:
    """Point from which a session trains; whatever was recorded after it is replaced."""

    epoch: int
    """Last epoch that the checkpoint holds; -1 for none, so that epoch 0 is measured anew."""
    best: Choice | None
    """Best epoch that the checkpoint knows."""
    steps_per_epoch: int
    bucket: int
    """Number of the first loss bucket that will be written."""
    open_bucket: Bucket | None
    """Losses of that bucket that the checkpoint holds; None where it holds none."""
    width: int
    """Steps in a loss bucket."""


class Recorder(Protocol):
    """Recorder of a session's measurements."""

    def begin(self, index: Index, point: ResumePoint) -> None:
        """Drop what was recorded after `point`, and write its open bucket back."""

    def fence(self) -> AbstractContextManager[object]:
        """Return the context in which files are renamed to their places; it raises where this process may not write."""

    def progress(self, step: int, sums: EpochSums, buckets: list[Bucket], width: int) -> None:
        """Record the training's step, how fast it goes, and the losses since; where that cannot be done now, with the
        next ones."""

    def catch_up(self) -> None:
        """Record what `progress` could not; wait until it can be."""

    def epoch(self, measured: EpochResult, best: Choice | None, *, last: bool) -> None: ...
    def checkpoint(self) -> None: ...


class NoRecorder:
    """Recorder of a process that leads no group: the one that does records for all."""

    def begin(self, index: Index, point: ResumePoint) -> None: ...
    def fence(self) -> AbstractContextManager[object]:
        return nullcontext()

    def progress(self, step: int, sums: EpochSums, buckets: list[Bucket], width: int) -> None: ...
    def catch_up(self) -> None: ...
    def epoch(self, measured: EpochResult, best: Choice | None, *, last: bool) -> None: ...
    def checkpoint(self) -> None: ...
