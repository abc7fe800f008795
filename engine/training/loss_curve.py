"""The training loss step by step, thinned to at most 2,000 buckets that keep every spike."""

import math
from dataclasses import dataclass
from typing import Any

MAX_BUCKETS = 2_000


class Diverged(Exception):
    """The loss, or weights after a step, are no longer finite numbers."""

    def __init__(self, step: int, what: str = "loss is") -> None:
        super().__init__(f"the {what} not finite at step {step}")
        self.step = step


@dataclass
class Bucket:
    """Neighbouring steps' losses."""

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
    """Collects losses; the width is fixed by the run's length, so live and finished runs look alike.

    A run that is extended keeps its width, and has more buckets than MAX_BUCKETS in the same proportion."""

    def __init__(self, total_steps: int) -> None:
        self.width = max(1, math.ceil(total_steps / MAX_BUCKETS))
        self._open: Bucket | None = None

    def add(self, first_step: int, losses: list[float]) -> list[Bucket]:
        """Take the losses of steps `first_step`, `first_step + 1`, … (from 0); gives the buckets that moved.

        Raises Diverged, with the step counted from 1, at the first that is not finite."""
        moved: dict[int, Bucket] = {}
        for step, loss in enumerate(losses, first_step):
            if not math.isfinite(loss):
                raise Diverged(step + 1)
            bucket = self._bucket(step // self.width, loss)
            moved[bucket.number] = bucket
        return list(moved.values())

    def _bucket(self, number: int, loss: float) -> Bucket:
        if self._open is None or self._open.number != number:
            self._open = Bucket(number, 1, loss, loss, loss, loss)
            return self._open
        bucket = self._open
        bucket.count, bucket.total, bucket.last = bucket.count + 1, bucket.total + loss, loss
        bucket.minimum, bucket.maximum = min(bucket.minimum, loss), max(bucket.maximum, loss)
        return bucket

    def state(self) -> dict[str, Any]:
        """The width and the open bucket, for a checkpoint."""
        return {"width": self.width, "open": dict(vars(self._open)) if self._open else None}

    def load(self, state: dict[str, Any]) -> None:
        self.width = state["width"]
        self._open = Bucket(**state["open"]) if state["open"] else None
