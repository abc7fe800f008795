"""Order of weights and activations in memory: how many of a network's stages lie in channels last.

In channels last pooling, BatchNorm and the convolutions of large images are quicker. In the plain order no gradient is
copied into its weight's order, and late stages have large weights. docs/LOG.md has the figures."""

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from engine.spec.archs import Block, find_arch
from engine.spec.run_spec import RunSpec

STAGES = (("conv1", "bn1"), ("layer1",), ("layer2",), ("layer3",), ("layer4",))
"""Modules of each stage of a ResNet."""
LAYOUT = "channels_last_stages"
"""Key of the layout in a run's environment and in the metadata of its weights."""
MIXED: Mapping[Block, tuple[tuple[int, int], ...]] = {
    "basic": ((48, 2), (96, 3), (160, 4)),
    "bottleneck": ((48, 2), (96, 3)),
}
"""On a CPU, by the network's blocks: sides in pixels, and the stages in channels last of smaller images; all of larger
ones."""
ONE_ORDER_FROM_PX = 96
"""Of networks that have one order throughout: side from which it is channels last in fp32 on a CPU."""


@dataclass(frozen=True)
class Layout:
    """Number of stages, from the first on, whose weights and activations lie in channels last."""

    stages: int

    @property
    def images(self) -> torch.memory_format:
        """Return the order of the network's input."""
        return torch.channels_last if self.stages else torch.contiguous_format


PLAIN, CHANNELS_LAST = Layout(0), Layout(len(STAGES))


def choose_layout(spec: RunSpec, precision: str, device: torch.device) -> Layout:
    """Choose the layout of a run that begins."""
    arch = find_arch(spec.arch)
    if device.type != "cpu" or spec.compile or arch is None:
        return one_order(spec.image_size, precision, device)
    mixed = (stages for below_px, stages in MIXED[arch.block] if spec.image_size < below_px)
    return Layout(next(mixed, CHANNELS_LAST.stages))


def one_order(image_size: int, precision: str, device: torch.device) -> Layout:
    """Return the layout of a network that has one order throughout, as all of earlier versions had."""
    if device.type == "cpu" and precision == "fp32" and image_size < ONE_ORDER_FROM_PX:
        return PLAIN
    return CHANNELS_LAST


def lay_out(model: nn.Module, layout: Layout, device: torch.device) -> nn.Module:
    """Move a network to a device and its weights to their order; where the order changes within the network, its
    activations change with it, and their gradients back."""
    if layout in (PLAIN, CHANNELS_LAST):
        return model.to(device, memory_format=layout.images)  # type: ignore[call-overload, no-any-return]
    model = model.to(device)
    for names in STAGES[: layout.stages]:
        for name in names:
            getattr(model, name).to(memory_format=torch.channels_last)
    first_plain = STAGES[layout.stages][0]
    getattr(model, first_plain).register_forward_pre_hook(lambda _module, given: (_ToPlain.apply(given[0]),))
    return model


class _ToPlain(torch.autograd.Function):
    """Activations N×C×H×W from channels last to the plain order, and their gradient back."""

    @staticmethod
    def forward(_context: object, activations: Tensor) -> Tensor:
        return activations.contiguous()

    @staticmethod
    def backward(_context: object, gradient: Tensor) -> Tensor:
        return gradient.contiguous(memory_format=torch.channels_last)
