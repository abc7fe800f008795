"""Last layer: with dropout, and alone in learning while the trunk is frozen."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional

from engine.models.layers import Layers

DROPOUT = 0.5
"""The share of the head's inputs that is zeroed, as in Srivastava et al. 2014 for fully connected layers."""


class DropoutLinear(nn.Linear):
    """Linear layer whose inputs are dropped while training; its tensors are named as without dropout.

    Its masks come from a generator of its own, seeded for each step, so that a resumed run draws the same."""

    def __init__(self, like: nn.Linear) -> None:
        super().__init__(like.in_features, like.out_features, like.bias is not None, device="meta")
        self.weight, self.bias = like.weight, like.bias
        self._generator: torch.Generator | None = None

    def reseed(self, seed: int) -> None:
        """Before each step; its micro-batches then draw one after another."""
        device = self.weight.device
        if self._generator is None or self._generator.device != device:
            self._generator = torch.Generator(device)
        self._generator.manual_seed(seed)

    def forward(self, inputs: Tensor) -> Tensor:
        if self.training:
            kept = torch.empty_like(inputs).bernoulli_(1 - DROPOUT, generator=self._generator)
            inputs = inputs * kept / (1 - DROPOUT)
        return functional.linear(inputs, self.weight, self.bias)


def add_dropout(model: nn.Module, head: str) -> None:
    """Put dropout before the network's head, whose weights stay."""
    model.set_submodule(head, DropoutLinear(cast(nn.Linear, model.get_submodule(head))))


def outputs_in_full(
    model: nn.Module, head: str, images: Tensor, autocast: Callable[[], AbstractContextManager[object]]
) -> Tensor:
    """Outputs in float32: the trunk as `autocast` has it, the head in full, for half precision rounds near answers to
    ties, and grades to a few dozen values."""
    layer, features = cast(nn.Linear, model.get_submodule(head)), []
    handle = layer.register_forward_pre_hook(lambda _head, inputs: features.append(inputs[0]))
    try:
        with autocast():
            model(images)
    finally:
        handle.remove()
    bias = None if layer.bias is None else layer.bias.float()
    return functional.linear(features[-1].float(), layer.weight.float(), bias)


def reseed(model: nn.Module, layers: Layers, seed: int) -> None:
    """Before each step: the random numbers that it draws follow from the seed."""
    head = model.get_submodule(layers.head)
    if isinstance(head, DropoutLinear):
        head.reseed(seed)
    if layers.draws:
        torch.manual_seed(seed)


def set_training(model: nn.Module, layers: Layers, *, head_alone: bool) -> None:
    """Training mode; with `head_alone` nothing but the head learns, and the trunk stays in evaluation mode, its
    BatchNorm statistics as they are. No gradient then runs through the trunk, and none is left there."""
    head = model.get_submodule(layers.head)
    model.train(not head_alone)
    head.train()
    of_head = set(map(id, head.parameters()))
    for name, parameter in model.named_parameters():
        learns = name not in layers.frozen and (id(parameter) in of_head or not head_alone)
        parameter.requires_grad_(learns)
        if not learns:
            parameter.grad = None
