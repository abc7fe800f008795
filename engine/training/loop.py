"""Loop of training and evaluation: one epoch, one split. Does not use the database."""

import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from engine.datasets.batches import Batch
from engine.training.epoch_sums import EpochSums
from engine.training.heads import outputs_in_full, set_training
from engine.training.losses import Classification, Objective
from engine.training.step import Autocast, Network, take_step


@dataclass(frozen=True)
class Evaluation:
    """Predictions of a split, in the order of its rows."""

    confusion: NDArray[np.int64]
    """Confusion matrix, classes × classes; rows are true classes."""
    answers: NDArray[np.uint16]
    """Predicted classes, one for each image."""
    scores: NDArray[np.float32]
    """Softmax probabilities, images × classes; under an ordinal loss the grades, images × 1."""
    nll: float | None
    """Mean unweighted NLL; None under an ordinal loss."""
    max_logit: float
    nonfinite_share: float
    loss: float | None = None
    """Loss of the run over the whole split; None where it was not asked for."""


def train_one_epoch(
    net: Network,
    batches: Iterable[Batch],
    sums: EpochSums,
    *,
    head_alone: bool,
    on_step: Callable[[], bool],
) -> bool:
    """Train on the batches and add to `sums`; return False where `on_step`, called after each step, returned True."""
    set_training(net.model, head_alone=head_alone)
    began = time.perf_counter()
    before = sums.seconds
    for batch in _timed(batches, sums):
        sums.add(take_step(net, batch))
        sums.seconds = before + time.perf_counter() - began
        if on_step():
            return False
    if net.device.type == "cuda":
        torch.cuda.synchronize(net.device)  # count the time of queued kernels too
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
    """Evaluate the network on a split, in evaluation mode; without `loss_of` its outputs are read as logits."""
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
    """Yield the batches and add the seconds that the loop waited for them to `sums`."""
    waiting = iter(batches)
    while True:
        began = time.perf_counter()
        batch = next(waiting, None)
        sums.wait_s += time.perf_counter() - began
        if batch is None:
            return
        yield batch
