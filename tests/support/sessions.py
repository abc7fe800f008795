"""A recorder for sessions without a database."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch

from engine.datasets.index import Index
from engine.store.errors import LeaseLost
from engine.training.loss_curve import Bucket
from engine.training.measure import Choice, Measured

CPU = torch.device("cpu")


class Memory:
    """A recorder that keeps everything."""

    def __init__(self) -> None:
        self.measured: list[Measured] = []
        self.best: Choice | None = None
        self.losses: dict[int, Bucket] = {}
        self.began: list[tuple[int, int]] = []
        self.lost = False

    @contextmanager
    def fence(self) -> Iterator[None]:
        if self.lost:
            raise LeaseLost
        yield

    def begin(
        self, index: Index, *, epoch: int, bucket: int, steps_per_epoch: int, best: Choice | None
    ) -> None:
        self.began.append((epoch, bucket))
        self.losses = {number: kept for number, kept in self.losses.items() if number < bucket}

    def progress(self, step: int, images_per_s: float | None, buckets: list[Bucket], width: int) -> None:
        self.losses |= {bucket.number: bucket for bucket in buckets}

    def epoch(self, measured: Measured, best: Choice | None, *, last: bool) -> None:
        self.measured = [each for each in self.measured if each.epoch < measured.epoch] + [measured]
        self.best = best

    def checkpoint(self) -> None:
        pass


def numbers(memory: Memory) -> list[object]:
    """What must be equal between two runs: everything but times."""
    return [
        (each.epoch, each.train, each.metrics, each.kappa, each.lr, each.evaluation.nll)
        for each in memory.measured
    ]
