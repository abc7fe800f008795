"""Layer of a network whose output is the last map of features before the head: where a class-activation map is read."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from engine.models.layers import probe_images

FEWEST_SIDE = 4
"""Positions a side of the coarsest map that is read: one of 1×1 or 2×2 points at no part of an image."""


class NoMap(ValueError):
    """Error of a network or a machine that gives no class-activation maps: one line that says why."""


@dataclass(frozen=True)
class MapLayer:
    """Module by its name, and the height and width of its output in positions."""

    name: str
    grid: tuple[int, int]


@dataclass(frozen=True)
class _Ran:
    name: str
    module: nn.Module
    shape: tuple[int, ...]

    @property
    def is_map(self) -> bool:
        """N×channels×height×width of several positions. The input is square: other shapes may be N×height×width×
        channels, but for those of a convolution."""
        if len(self.shape) != 4:
            return False
        height, width = self.shape[2:]
        return height * width > 1 and (height == width or isinstance(self.module, nn.Conv2d))

    @property
    def is_pooled(self) -> bool:
        """Features without positions: N×features, or N×channels×1×1."""
        return len(self.shape) == 2 or (len(self.shape) == 4 and self.shape[2:] == (1, 1))


def find_map_layer(model: nn.Module, head: str, image_size_px: int, device: torch.device) -> MapLayer:
    """Run one image through the network, and return the last module before the head whose output is a map.

    Selvaraju et al. 2017 (Grad-CAM) read the last convolutional layer. Where its map has fewer than 4×4 positions, as
    in a ResNet with images of 64 px and less, the last map with as many is read, or the finest.
    Raises NoMap where what the head takes is not pooled from a map."""
    ran = _before_head(model, head, image_size_px, device)
    runs = [each.name for each in ran]
    last = next((place for place in reversed(range(len(ran))) if ran[place].is_map), None)
    if last is None:
        raise NoMap("no maps: no layer of this network gives N×channels×height×width of several positions")
    if not all(each.is_pooled for each in ran[last + 1 :]):
        raise NoMap(
            f"no maps: after {ran[last].name}, its last map of features, this network works on other shapes "
            "than N×channels×height×width, as transformers do"
        )
    maps = [each for each in ran[: last + 1] if each.is_map and runs.count(each.name) == 1]
    if not maps:
        raise NoMap("no maps: each layer of this network with a map of features runs several times")
    chosen = next((each for each in reversed(maps) if min(each.shape[2:]) >= FEWEST_SIDE), None)
    chosen = chosen or max(reversed(maps), key=lambda each: each.shape[2] * each.shape[3])
    return MapLayer(chosen.name, (chosen.shape[2], chosen.shape[3]))


def _before_head(model: nn.Module, head: str, image_size_px: int, device: torch.device) -> list[_Ran]:
    """Return the modules that ran before the head's last run, in the order in which they ended."""
    ran: list[_Ran] = []
    handles = [
        module.register_forward_hook(_recorder(ran, name)) for name, module in model.named_modules() if name
    ]
    try:
        with torch.no_grad():
            model(probe_images(1, image_size_px).to(device))
    finally:
        for handle in handles:
            handle.remove()
    names = [each.name for each in ran]
    return ran[: len(names) - 1 - names[::-1].index(head)] if head in names else ran


def _recorder(ran: list[_Ran], name: str) -> Callable[..., None]:
    def record(module: nn.Module, _inputs: object, output: object) -> None:
        if isinstance(output, Tensor):
            ran.append(_Ran(name, module, tuple(output.shape)))

    return record
