"""One step of training: micro-batches, gradients, clipping, scaling, optimiser, schedule.

Nothing here waits for the device: no number is fetched from it."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.amp import GradScaler
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LRScheduler

from engine.datasets.batches import Batch
from engine.models.layers import Layers
from engine.recipes.batch_parts import SHARED, Partition
from engine.training.cuda_graph import Replay
from engine.training.group import SINGLE, Group
from engine.training.heads import reseed
from engine.training.objective import Objective

LR_TAKEN = "lr_taken"
"""In the optimiser's groups, and so in its checkpoints: the learning rate of the latest step."""
Autocast = Callable[[], AbstractContextManager[object]]


@dataclass(frozen=True)
class Network:
    """Model on its device and what trains it."""

    model: nn.Module
    forward: Callable[[Tensor], Tensor]
    """The model while training, compiled where the spec asks."""
    optimizer: Optimizer
    schedule: LRScheduler
    loss_of: Objective
    autocast: Autocast
    scaler: GradScaler
    """Of float16's gradients; disabled, it passes everything through."""
    micro_batch: int
    """The most images that go through the network at once."""
    layers: Layers
    clip_norm: float = 0.0
    """The longest gradient that a step takes; 0 takes any."""
    layout: torch.memory_format = torch.channels_last
    """In which order its images and weights lie in memory."""
    partition: Partition = SHARED
    """Divides batches into micro-batches."""

    replay: Replay | None = None
    """Replays the passes of batches of the usual size on a card."""
    plugin_sha256: str | None = None
    """Of the user's file that makes the network."""
    group: Group = SINGLE
    """Processes that train it together."""

    @property
    def device(self) -> torch.device:
        return next(self.model.parameters()).device


@dataclass(frozen=True)
class Step:
    """Measurements of a step, on the device."""

    loss: Tensor
    """Mean over the batch's images, of all processes."""
    correct: Tensor
    """Number of correct predictions."""
    images: int
    norms: tuple[Tensor | None, Tensor | None]
    """Of the gradients of head and first convolution, before clipping; None for one that is frozen."""


def lr_taken(optimizer: Optimizer) -> float:
    """Return the learning rate of the latest step; before the first one, the schedule's start."""
    group = optimizer.param_groups[0]
    return float(group.get(LR_TAKEN, group["lr"]))


def take_step(net: Network, batch: Batch) -> Step:
    """Move the weights once by the gradient of the batch's mean loss.

    The schedule follows the batches: where float16's gradients overflowed the scaler leaves the weights alone and
    the schedule moves on, so that it ends where it is planned to."""
    net.optimizer.zero_grad(set_to_none=True)
    loss, correct = _passes(net, batch)
    counts = batch.part is None or batch.part.counts
    loss, correct = net.group.over_all(net.model, loss, correct, counts=counts)
    net.scaler.unscale_(net.optimizer)
    norms = _gradient_norm(net.model, net.layers.head), _gradient_norm(net.model, net.layers.first)
    if net.clip_norm:
        nn.utils.clip_grad_norm_(net.model.parameters(), net.clip_norm)
    net.scaler.step(net.optimizer)
    net.scaler.update()
    for group in net.optimizer.param_groups:
        group[LR_TAKEN] = group["lr"]
    net.schedule.step()
    return Step(loss, correct, batch.total, norms)


def _passes(net: Network, batch: Batch) -> tuple[Tensor, Tensor]:
    if net.replay is None or not net.replay.takes(net.model, batch.images):
        return accumulate(net, batch)
    return net.replay(
        net.model, lambda images, labels: plain_pass(net, images, labels), batch.images, batch.labels
    )


def accumulate(net: Network, batch: Batch) -> tuple[Tensor, Tensor]:
    """Add the gradients of the batch's mean loss, part by part; gives that loss and the number of correct predictions.

    A part counts by its images, so that the sum is the whole batch's mean; only BatchNorm sees the parts."""
    reseed(net.model, net.layers, batch.seed)
    parts = net.partition.micro_batches(len(batch.labels), net.micro_batch)
    if len(parts) == 1:
        return plain_pass(net, batch.images, batch.labels, batch.share)
    found = []
    for part in parts:
        share = (part.stop - part.start) / len(batch.labels) * batch.share
        with net.group.exchange(net.forward, now=part is parts[-1]):
            found.append(plain_pass(net, batch.images[part], batch.labels[part], share))
    losses, correct = zip(*found, strict=True)
    return torch.stack(losses).sum(), torch.stack(correct).sum()


def plain_pass(net: Network, images: Tensor, labels: Tensor, share: float = 1.0) -> tuple[Tensor, Tensor]:
    """Forward and backward at once; the loss counts by the images' `share` of their batch."""
    with net.autocast():
        outputs = net.forward(images)
        loss = net.loss_of(outputs, labels)
        if share != 1.0:
            loss = loss * share
    net.scaler.scale(net.group.scaled(loss)).backward()  # type: ignore[no-untyped-call]
    return loss.detach(), (net.loss_of.predictions(outputs.detach()) == labels).sum()


def _gradient_norm(model: nn.Module, layer: str | None) -> Tensor | None:
    if layer is None:
        return None
    gradient = model.get_parameter(f"{layer}.weight").grad
    if gradient is None:
        return None
    norm: Tensor = torch.linalg.vector_norm(gradient)
    return norm
