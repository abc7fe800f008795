"""What an epoch's steps add up to."""

import math
from dataclasses import dataclass, field

import torch

from engine.training.step import Step


@dataclass
class EpochSums:
    """Sums over an epoch's images. Steps wait on the device until they are fetched, many at once: a step itself
    starts no kernel for its sums, for on a fast card starting kernels is what small batches spend their time on."""

    loss: float = 0.0
    """Times images."""
    right: float = 0.0
    images: int = 0
    norms: tuple[float, float] = (0.0, 0.0)
    """The finite gradient norms of head and conv1, added up."""
    norm_counts: tuple[int, int] = (0, 0)
    seconds: float = 0.0
    wait_s: float = 0.0
    images_here: int = 0
    """Images that this process trained on, for images/s: an earlier attempt's don't count."""
    _waiting: list[Step] = field(default_factory=list, repr=False)

    def add(self, step: Step) -> None:
        self._waiting.append(step)
        self.images_here += step.images

    def fetch(self) -> list[float]:
        """Wait for the device and add up the steps since the last time, one by one in their order, so that the sum
        depends on no moment of fetching; gives their losses.

        A norm that is frozen, or that overflowed in float16, is left out of the mean."""
        steps, self._waiting = self._waiting, []
        if not steps:
            return []
        unknown = torch.full_like(steps[0].loss, math.nan)
        columns = [[step.loss for step in steps], [step.right for step in steps]]
        columns += [
            [unknown if step.norms[place] is None else step.norms[place] for step in steps]  # type: ignore[misc]
            for place in (0, 1)
        ]
        rows = torch.stack([torch.stack(column).double() for column in columns], dim=1).tolist()
        for step, (loss, right, *norms) in zip(steps, rows, strict=True):
            self.loss += loss * step.images
            self.right += right
            self.images += step.images
            known = [math.isfinite(norm) for norm in norms]
            one, other = (norm if is_known else 0.0 for norm, is_known in zip(norms, known, strict=True))
            self.norms = self.norms[0] + one, self.norms[1] + other
            self.norm_counts = self.norm_counts[0] + known[0], self.norm_counts[1] + known[1]
        return [row[0] for row in rows]

    def means(self) -> dict[str, float | None]:
        """train_loss and train_acc over the fetched images, gradient norms over steps; None for what there was
        none of."""
        head, first = (
            total / count if count else None
            for total, count in zip(self.norms, self.norm_counts, strict=True)
        )
        return {
            "train_loss": self.loss / self.images if self.images else None,
            "train_acc": self.right / self.images if self.images else None,
            "grad_norm": head,
            "grad_norm_first": first,
        }

    def state(self) -> torch.Tensor:
        """For a checkpoint: float64; loss, right answers, images, then of head and conv1 the norm and its steps."""
        (head, first), (heads, firsts) = self.norms, self.norm_counts
        row = [self.loss, self.right, self.images, head, heads, first, firsts]
        return torch.tensor(row, dtype=torch.float64)

    def load(self, state: torch.Tensor) -> None:
        self.loss, self.right, images, head, heads, first, firsts = state.tolist()
        self.images, self.norms, self.norm_counts = int(images), (head, first), (int(heads), int(firsts))

    @property
    def images_per_s(self) -> float | None:
        return self.images_here / self.seconds if self.seconds > 0 and self.images_here else None

    @property
    def data_wait_share(self) -> float | None:
        return self.wait_s / self.seconds if self.seconds > 0 else None
