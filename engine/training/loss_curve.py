"""Curve of the training loss by step, downsampled to at most 2,000 buckets that keep every spike."""

import math
from dataclasses import dataclass
from typing import Any

MAX_BUCKETS = 2_000


class Diverged(Exception):
    """Error for a loss, or for weights after a step, that are not finite."""

    def __init__(self, step: int, what: str = "loss is") -> None:
        super().__init__(f"the {what} not finite at step {step}")
        self.step = step


@dataclass
class Bucket:
    """Losses of neighbouring steps, summarised."""

    number: int
    count: int
    minimum: float
    maximum: float
    total: float
    last: float

    @property
    def mean(self) -> float:
        return self.total / self.count


class LossBuckets:
    """Collector of losses in buckets; the run's length fixes their width, so that live and ended runs look the same.

    An extended run keeps its width, and may have more than MAX_BUCKETS buckets."""

    def __init__(self, total_steps: int) -> None:
        self.width = max(1, math.ceil(total_steps / MAX_BUCKETS))
        self._open: Bucket | None = None

    def add(self, first_step: int, losses: list[float]) -> list[Bucket]:
        """Add the losses of steps `first_step`, `first_step + 1`, … (from 0); return the buckets that changed.

        Raises Diverged at the first loss that is not finite, with the step counted from 1."""
        moved: dict[int, Bucket] = {}
        for step, loss in enumerate(losses, first_step):
            if not math.isfinite(loss):
                raise Diverged(step + 1)
            bucket = self._bucket(step // self.width, loss)
            moved[bucket.number] = bucket
        return list(moved.values())

    def open_at(self, step: int) -> Bucket | None:
        """Return the bucket of `step` (from 0) if it holds losses of earlier steps."""
        return self._open if self._open is not None and self._open.number == step // self.width else None

    def _bucket(self, number: int, loss: float) -> Bucket:
        if self._open is None or self._open.number != number:
            self._open = Bucket(number, 1, loss, loss, loss, loss)
            return self._open
        bucket = self._open
        bucket.count, bucket.total, bucket.last = bucket.count + 1, bucket.total + loss, loss
        bucket.minimum, bucket.maximum = min(bucket.minimum, loss), max(bucket.maximum, loss)
        return bucket

    def state(self) -> dict[str, Any]:
        """Return the width and the open bucket, for a checkpoint."""
        return {"width": self.width, "open": dict(vars(self._open)) if self._open else None}

    def load(self, state: dict[str, Any]) -> None:
        self.width = state["width"]
        self._open = Bucket(**state["open"]) if state["open"] else None
