"""Weights of a small head, drawn once."""

from collections.abc import Mapping
from functools import cache
from types import MappingProxyType

from torch import Tensor

from engine.models.resnet import build_model


@cache
def small_state(seed: int = 1, num_classes: int = 5) -> Mapping[str, Tensor]:
    """A ResNet-18's weights, drawn once and read only."""
    return MappingProxyType(build_model("resnet18", num_classes, seed=seed).state_dict())
