"""Sums of loss, correct predictions and gradient norms over an epoch's steps."""

import math
from dataclasses import dataclass, field

import torch

from engine.training.step import Step


@dataclass
class EpochSums:
    """Sums over an epoch's images.

    Results of steps stay on the device until they are fetched, many at once. A step launches no kernel for the sums,
    because kernel launches take most of the time of small batches on a fast card."""

    loss: float = 0.0
    """Sum of loss × images."""
    correct: float = 0.0
    """Images predicted correctly."""
    images: int = 0
    norms: tuple[float, float] = (0.0, 0.0)
    """Sums of the finite gradient norms of head and conv1."""
    norm_counts: tuple[int, int] = (0, 0)
    seconds: float = 0.0
    wait_s: float = 0.0
    joules: float | None = None
    """Energy of the whole device in these seconds; None where it is not counted."""
    images_here: int = 0
    """Images that this process trained on, for images/s; those of an earlier attempt do not count."""
    _waiting: list[Step] = field(default_factory=list, repr=False)

    def add(self, step: Step) -> None:
        self._waiting.append(step)
        self.images_here += step.images

    def fetch(self) -> list[float]:
        """Wait for the device, add the steps since the last fetch and return their losses.

        Steps are added one by one in their order, so that the sums do not depend on the time of fetching. Norms of
        frozen layers, and those that overflowed in float16, are left out of the mean."""
        steps, self._waiting = self._waiting, []
        if not steps:
            return []
        unknown = torch.full_like(steps[0].loss, math.nan)
        columns = [[step.loss for step in steps], [step.correct for step in steps]]
        columns += [
            [unknown if step.norms[place] is None else step.norms[place] for step in steps]  # type: ignore[misc]
            for place in (0, 1)
        ]
        rows = torch.stack([torch.stack(column).double() for column in columns], dim=1).tolist()
        for step, (loss, correct, *norms) in zip(steps, rows, strict=True):
            self.loss += loss * step.images
            self.correct += correct
            self.images += step.images
            known = [math.isfinite(norm) for norm in norms]
            one, other = (norm if is_known else 0.0 for norm, is_known in zip(norms, known, strict=True))
            self.norms = self.norms[0] + one, self.norms[1] + other
            self.norm_counts = self.norm_counts[0] + known[0], self.norm_counts[1] + known[1]
        return [row[0] for row in rows]

    def add_energy(self, joules: float | None) -> None:
        if joules is not None:
            self.joules = joules + (self.joules or 0.0)

    def means(self) -> dict[str, float | None]:
        """Return train_loss and train_acc over the fetched images, and mean gradient norms over their steps.

        A mean over nothing is None."""
        head, first = (
            total / count if count else None
            for total, count in zip(self.norms, self.norm_counts, strict=True)
        )
        return {
            "train_loss": self.loss / self.images if self.images else None,
            "train_acc": self.correct / self.images if self.images else None,
            "grad_norm": head,
            "grad_norm_first": first,
        }

    def state(self) -> torch.Tensor:
        """Return the sums for a checkpoint, float64: loss, correct, images, then norm and steps of head and conv1."""
        (head, first), (heads, firsts) = self.norms, self.norm_counts
        row = [self.loss, self.correct, self.images, head, heads, first, firsts]
        return torch.tensor(row, dtype=torch.float64)

    def load(self, state: torch.Tensor) -> None:
        self.loss, self.correct, images, head, heads, first, firsts = state.tolist()
        self.images, self.norms, self.norm_counts = int(images), (head, first), (int(heads), int(firsts))

    @property
    def images_per_s(self) -> float | None:
        return self.images_here / self.seconds if self.seconds > 0 and self.images_here else None

    def counts(self) -> dict[str, float]:
        """Return images, seconds and data_wait_s of this process, whose differences tell how fast it trains now."""
        return {
            "images": self.images_here,
            "seconds": round(self.seconds, 4),
            "data_wait_s": round(self.wait_s, 4),
        }

    @property
    def data_wait_share(self) -> float | None:
        return self.wait_s / self.seconds if self.seconds > 0 else None
