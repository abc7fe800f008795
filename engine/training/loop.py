"""Loop of training and evaluation: one epoch, one split. Does not use the database."""

import time
from collections.abc import Callable, Iterable, Iterator

import numpy as np
import torch
from torch import Tensor, nn

from engine.datasets.batches import Batch
from engine.metrics.evaluation import Evaluation
from engine.training.epoch_sums import EpochSums
from engine.training.group import SINGLE, Group
from engine.training.heads import outputs_in_full, set_training
from engine.training.objective import Classification, Objective
from engine.training.step import Autocast, Network, take_step


def train_one_epoch(
    net: Network,
    batches: Iterable[Batch],
    sums: EpochSums,
    *,
    head_alone: bool,
    on_step: Callable[[], bool],
) -> bool:
    """Train on the batches, adding to `sums`; False when `on_step`, called after each step, asked to stop."""
    set_training(net.model, net.layers, head_alone=head_alone)
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
    head: str,
    classes: int,
    autocast: Autocast,
    loss_of: Objective | None = None,
    group: Group = SINGLE,
) -> Evaluation:
    """Predict a split in evaluation mode; `head` names the network's last layer. Outputs are read as a classifier's
    without a `loss_of`. Every process of a `group` gets the whole split's from the batches of all."""
    model.eval()
    parts: list[Tensor] = []
    labels: list[Tensor] = []
    places: list[slice] = []
    for batch in batches:
        parts.append(outputs_in_full(model, head, batch.images, autocast))
        labels.append(batch.labels)
        places += [batch.part.images] if batch.part is not None else []
    weight = model.get_submodule(head).get_parameter("weight")
    outputs = group.joined(parts, places, weight.new_zeros((0, len(weight)), dtype=torch.float32))
    truth = group.joined(labels, places, weight.new_zeros(0, dtype=torch.int64))
    reading = loss_of or Classification()
    predictions, nll = reading.predictions(outputs), reading.nll(outputs, truth)
    pairs = torch.bincount(truth * classes + predictions, minlength=classes * classes)
    return Evaluation(
        confusion=pairs.view(classes, classes).cpu().numpy(),
        predictions=predictions.cpu().numpy().astype(np.uint16),
        labels=truth.cpu().numpy(),
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
