"""Layers by which training knows a network, and how they are found in one that a user's own file makes."""

from collections.abc import Callable
from dataclasses import dataclass, field

import torch
from torch import Tensor, nn

CONVOLUTIONS = (nn.Conv1d, nn.Conv2d, nn.Conv3d)


class LayersError(ValueError):
    """Error of a network that cannot be trained as a classifier; one line without the network's name."""


@dataclass(frozen=True)
class Layers:
    """Module names, and what of the network is not as in a built-in one."""

    head: str
    """The last linear layer, whose output is the network's."""
    first: str | None
    """The first convolution; None where there is none."""
    frozen: frozenset[str] = field(default_factory=frozenset)
    """Parameters that never learn."""
    draws: bool = False
    """Whether a training step may draw random numbers, as dropout does, from torch's generators."""


@dataclass(frozen=True)
class BuiltModel:
    """Network on the CPU and its layers."""

    arch: str
    model: nn.Module
    layers: Layers
    bottleneck_stride: str | None
    """Convolution in which its bottlenecks stride; None where there are none, or nobody knows."""
    plugin_sha256: str | None = None
    """Of the user's file that made it."""


def find_layers(model: nn.Module, num_classes: int, image_size_px: int) -> Layers:
    """Run one image through the network in evaluation mode: the last `nn.Linear` to run is the head.

    Raises LayersError where its output is not the network's, N×num_classes, and whatever the network raises."""
    ran: list[tuple[str, nn.Module, object]] = []
    handles = [
        module.register_forward_hook(_recorder(ran, name))
        for name, module in model.named_modules()
        if isinstance(module, (nn.Linear, *CONVOLUTIONS))
    ]
    try:
        output = model.eval()(probe_images(1, image_size_px))
    finally:
        for handle in handles:
            handle.remove()
    linear = [(name, module, found) for name, module, found in ran if isinstance(module, nn.Linear)]
    if not linear:
        raise LayersError("has no nn.Linear that runs: its last layer must be nn.Linear(…, num_classes)")
    head, layer, logits = linear[-1]
    if layer.out_features != num_classes:
        raise LayersError(
            f"ends in {head}, nn.Linear with {layer.out_features} outputs for {num_classes} classes: "
            "give its last layer num_classes outputs"
        )
    _check_output(output, logits, head, num_classes)
    first = next((name for name, module, _ in ran if isinstance(module, CONVOLUTIONS)), None)
    frozen = frozenset(name for name, each in model.named_parameters() if not each.requires_grad)
    return Layers(head, first, frozen, draws=True)


def _check_output(output: object, logits: object, head: str, num_classes: int) -> None:
    is_logits = isinstance(output, Tensor) and isinstance(logits, Tensor) and output.shape == (1, num_classes)
    if not is_logits or not torch.equal(output, logits):  # type: ignore[arg-type]
        raise LayersError(f"does not return what its last nn.Linear, {head}, gives: return these logits")


def probe_images(count: int, size_px: int) -> Tensor:
    """Images N×3×size×size that are not constant."""
    return torch.linspace(-2, 2, count * 3 * size_px**2).reshape(count, 3, size_px, size_px)


def _recorder(ran: list[tuple[str, nn.Module, object]], name: str) -> Callable[..., None]:
    def record(module: nn.Module, inputs: object, output: object) -> None:
        ran.append((name, module, output))

    return record
