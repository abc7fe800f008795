"""Train an epoch, evaluate a split: the loop in the order in which things happen. Knows no database."""

import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from engine.datasets.batches import Batch
from engine.training.heads import outputs_in_full, set_training
from engine.training.objectives import Classification, Objective
from engine.training.step import Autocast, Network, Step, take_step


@dataclass
class EpochSums:
    """What an epoch's steps add up to. Sums over images, kept on the device: no step waits for a number."""

    device: torch.device
    totals: Tensor = field(init=False)
    """float64: loss over images, right answers, images; then of head and conv1 the finite gradient norms and their
    number."""
    seconds: float = 0.0
    wait_s: float = 0.0
    images_here: int = 0
    """Images that this process trained on, for images/s: an earlier attempt's don't count."""

    def __post_init__(self) -> None:
        self.totals = torch.zeros(7, dtype=torch.float64, device=self.device)

    def add(self, step: Step) -> None:
        """A norm that is frozen, or that overflowed in float16, is left out of the mean."""
        one = torch.ones_like(step.loss)
        row = [step.loss * step.images, step.right, one * step.images]
        for norm in step.norms:
            known = torch.zeros_like(one) if norm is None else norm.isfinite()
            row += [torch.zeros_like(one) if norm is None else norm.where(known, 0.0), known]
        self.totals += torch.stack([value.to(torch.float64) for value in row])
        self.images_here += step.images

    def means(self) -> dict[str, float | None]:
        """train_loss and train_acc over images, gradient norms over steps; None for what there was none of."""
        loss, right, images, head, heads, first, firsts = self.totals.tolist()
        return {
            "train_loss": loss / images if images else None,
            "train_acc": right / images if images else None,
            "grad_norm": head / heads if heads else None,
            "grad_norm_first": first / firsts if firsts else None,
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
    """Softmax probabilities, images × classes; under an ordinal loss the grades, images × 1."""
    nll: float | None
    """Mean unweighted negative log-likelihood; None under an ordinal loss."""
    max_logit: float
    nonfinite_share: float
    loss: float | None = None
    """The run's own loss over the whole split at once, where it was asked for."""


def train_one_epoch(
    net: Network,
    batches: Iterable[Batch],
    sums: EpochSums,
    *,
    head_alone: bool,
    on_step: Callable[[Tensor], bool],
) -> bool:
    """Train on the batches, adding to `sums`; False when `on_step` (called with the step's loss) asked to stop."""
    set_training(net.model, head_alone=head_alone)
    began = time.perf_counter()
    before = sums.seconds
    for batch in _timed(batches, sums):
        step = take_step(net, batch)
        sums.add(step)
        sums.seconds = before + time.perf_counter() - began
        if on_step(step.loss):
            return False
    if sums.device.type == "cuda":
        torch.cuda.synchronize(sums.device)  # kernels that are only queued have trained nothing yet
        sums.seconds = before + time.perf_counter() - began
    return True


@torch.inference_mode()
def evaluate(
    model: nn.Module,
    batches: Iterable[Batch],
    *,
    classes: int,
    autocast: Autocast,
    loss_of: Objective | None = None,
) -> Evaluation:
    """The network's answers on a split, in evaluation mode; read as a classifier's without a `loss_of`."""
    model.eval()
    parts: list[Tensor] = []
    labels: list[Tensor] = []
    for batch in batches:
        parts.append(outputs_in_full(model, batch.images, autocast))
        labels.append(batch.labels)
    outputs, truth = torch.cat(parts), torch.cat(labels)
    reading = loss_of or Classification()
    answers, nll = reading.answers(outputs), reading.nll(outputs, truth)
    pairs = torch.bincount(truth * classes + answers, minlength=classes * classes)
    return Evaluation(
        confusion=pairs.view(classes, classes).cpu().numpy(),
        answers=answers.cpu().numpy().astype(np.uint16),
        scores=reading.scores(outputs).cpu().numpy(),
        nll=None if nll is None else float(nll),
        max_logit=float(outputs.abs().max()),
        nonfinite_share=float((~outputs.isfinite()).double().mean()),
        loss=None if loss_of is None else float(loss_of(outputs, truth)),
    )


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
