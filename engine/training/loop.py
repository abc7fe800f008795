"""Train an epoch, evaluate a split: the loop in the order in which things happen. Knows no database."""

import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, field

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LRScheduler

from engine.datasets.batches import Batch

Autocast = Callable[[], AbstractContextManager[object]]


@dataclass
class EpochSums:
    """What an epoch's steps add up to. Sums over images, kept on the device: no step waits for a number."""

    device: torch.device
    totals: Tensor = field(init=False)
    """float64: loss over images, right answers, images, steps, gradient norms of head and conv1."""
    seconds: float = 0.0
    wait_s: float = 0.0
    images_here: int = 0
    """Images that this process trained on, for images/s: an earlier attempt's don't count."""

    def __post_init__(self) -> None:
        self.totals = torch.zeros(6, dtype=torch.float64, device=self.device)

    def add(self, logits: Tensor, loss: Tensor, labels: Tensor, model: nn.Module) -> None:
        right = (logits.argmax(1) == labels).sum()
        head, first = (_gradient_norm(model, name) for name in ("fc", "conv1"))
        count = len(labels)
        one = torch.ones_like(loss)
        row = (loss * count, right, one * count, one, head, first)
        self.totals += torch.stack([value.to(torch.float64) for value in row])
        self.images_here += count

    def means(self) -> dict[str, float | None]:
        """train_loss and train_acc over images, gradient norms over steps; None before the first step."""
        loss, right, images, steps, head, first = self.totals.tolist()
        if not images:
            return dict.fromkeys(("train_loss", "train_acc", "grad_norm", "grad_norm_first"))
        return {
            "train_loss": loss / images,
            "train_acc": right / images,
            "grad_norm": head / steps,
            "grad_norm_first": first / steps,
        }

    @property
    def images_per_s(self) -> float | None:
        return self.images_here / self.seconds if self.seconds > 0 and self.images_here else None

    @property
    def data_wait_share(self) -> float | None:
        return self.wait_s / self.seconds if self.seconds > 0 else None


@dataclass(frozen=True)
class Evaluation:
    """A split's answers, row by row in its order."""

    confusion: NDArray[np.int64]
    """Classes × classes, row = true class."""
    answers: NDArray[np.uint16]
    scores: NDArray[np.float32]
    """Softmax probabilities, images × classes."""
    nll: float
    """Mean unweighted negative log-likelihood."""
    max_logit: float
    nonfinite_share: float
    loss: float | None = None
    """The run's own loss over the whole split at once, where it was asked for."""


def train_one_epoch(
    model: nn.Module,
    batches: Iterable[Batch],
    optimizer: Optimizer,
    schedule: LRScheduler,
    loss_of: nn.Module,
    sums: EpochSums,
    *,
    autocast: Autocast,
    on_step: Callable[[Tensor], bool],
) -> bool:
    """Train on the batches, adding to `sums`; False when `on_step` (called with the step's loss) asked to stop."""
    model.train()
    began = time.perf_counter()
    before = sums.seconds
    for batch in _timed(batches, sums):
        optimizer.zero_grad(set_to_none=True)
        with autocast():
            logits = model(batch.images)
            loss = loss_of(logits, batch.labels)
        loss.backward()
        optimizer.step()
        schedule.step()
        sums.add(logits.detach(), loss.detach(), batch.labels, model)
        sums.seconds = before + time.perf_counter() - began
        if on_step(loss.detach()):
            return False
    return True


@torch.inference_mode()
def evaluate(
    model: nn.Module,
    batches: Iterable[Batch],
    *,
    classes: int,
    autocast: Autocast,
    loss_of: nn.Module | None = None,
) -> Evaluation:
    """The network's answers on a split, in evaluation mode."""
    model.eval()
    parts: list[Tensor] = []
    labels: list[Tensor] = []
    for batch in batches:
        with autocast():
            logits = model(batch.images)
        parts.append(logits.float())
        labels.append(batch.labels)
    logits, truth = torch.cat(parts), torch.cat(labels)
    answers = logits.argmax(1)
    pairs = torch.bincount(truth * classes + answers, minlength=classes * classes)
    return Evaluation(
        confusion=pairs.view(classes, classes).cpu().numpy(),
        answers=answers.cpu().numpy().astype(np.uint16),
        scores=logits.softmax(1).cpu().numpy(),
        nll=float(functional.cross_entropy(logits.double(), truth)),
        max_logit=float(logits.abs().max()),
        nonfinite_share=float((~logits.isfinite()).double().mean()),
        loss=None if loss_of is None else float(loss_of(logits, truth)),
    )


def _gradient_norm(model: nn.Module, layer: str) -> Tensor:
    gradient = model.get_parameter(f"{layer}.weight").grad
    assert gradient is not None
    norm: Tensor = torch.linalg.vector_norm(gradient)
    return norm


def _timed(batches: Iterable[Batch], sums: EpochSums) -> Iterator[Batch]:
    """Pass batches on, adding the seconds that the loop waited for them."""
    waiting = iter(batches)
    while True:
        began = time.perf_counter()
        batch = next(waiting, None)
        sums.wait_s += time.perf_counter() - began
        if batch is None:
            return
        yield batch
