"""Sessions without a database: their context and a recorder."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch

from engine.datasets.index import Index
from engine.files.paths import Home
from engine.metrics.catalogue import TIMED
from engine.spec.run_spec import RunSpec
from engine.store.errors import LeaseLost
from engine.training.context import Log, RunContext
from engine.training.epoch_sums import EpochSums
from engine.training.loss_curve import Bucket
from engine.training.measure import Choice, EpochResult
from engine.training.recorder import ResumePoint

CPU = torch.device("cpu")


def context(
    spec: RunSpec, home: Home, run_id: int = 1, log: Log = lambda _text: None, **more: Any
) -> RunContext:
    """On the CPU in fp32; silent unless there is a `log`."""
    return RunContext(spec, home, run_id, device=CPU, precision="fp32", log=log, **more)


class Memory:
    """A recorder that keeps everything."""

    def __init__(self) -> None:
        self.measured: list[EpochResult] = []
        self.best: Choice | None = None
        self.losses: dict[int, Bucket] = {}
        self.began: list[tuple[int, int]] = []
        self.lost = False

    @contextmanager
    def fence(self) -> Iterator[None]:
        if self.lost:
            raise LeaseLost
        yield

    def begin(self, index: Index, point: ResumePoint) -> None:
        self.began.append((point.epoch, point.bucket))
        self.losses = {number: kept for number, kept in self.losses.items() if number < point.bucket}
        self.losses |= {point.open_bucket.number: point.open_bucket} if point.open_bucket else {}

    def progress(self, step: int, sums: EpochSums, buckets: list[Bucket], width: int) -> None:
        self.losses |= {bucket.number: bucket for bucket in buckets}

    def epoch(self, measured: EpochResult, best: Choice | None, *, last: bool) -> None:
        self.measured = [each for each in self.measured if each.epoch < measured.epoch] + [measured]
        self.best = best

    def catch_up(self) -> None:
        pass

    def checkpoint(self) -> None:
        pass


def numbers(memory: Memory) -> list[object]:
    """Return what must be equal between two runs: everything but times."""
    return [
        (each.epoch, {key: value for key, value in each.values.items() if key not in TIMED})
        for each in memory.measured
    ]
