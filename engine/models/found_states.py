"""Search for state dicts in what a weights file holds, under whatever keys they lie."""

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass

from torch import Tensor

from engine.models.torch_files import Foreign
from engine.models.weight_files import SAVE_STATE, WeightsError

MOST_KEYS = 6
"""Depth to which a file's dicts are searched."""
MOST_ITEMS = 64
"""Longest list that is searched."""


@dataclass(frozen=True)
class FoundState:
    """Named tensors in a file, and the keys that lead to them."""

    keys: tuple[str, ...]
    tensors: Mapping[str, Tensor]


def find_states(content: object, name: str) -> tuple[FoundState, ...]:
    """Return all dicts of named tensors in what a file held, the outermost first. Raises WeightsError for none."""
    found: list[FoundState] = []
    networks: list[str] = []
    waiting: deque[tuple[tuple[str, ...], object]] = deque([((), content)])
    while waiting:
        keys, value = waiting.popleft()
        if isinstance(value, Foreign) and value.is_module:
            networks.append(value.name)
        items = _items(value)
        tensors = {key: each for key, each in items if isinstance(key, str) and isinstance(each, Tensor)}
        if tensors and isinstance(value, dict):
            found.append(FoundState(keys, tensors))
        if len(keys) < MOST_KEYS:
            waiting += [((*keys, str(key)), each) for key, each in items if not isinstance(each, Tensor)]
    if not found and networks:
        raise WeightsError(f"{name} holds a whole network, {networks[0]}, which is never run: {SAVE_STATE}")
    if not found:
        raise WeightsError(f"{name} holds no state dict: {SAVE_STATE}")
    return tuple(found)


def _items(value: object) -> list[tuple[object, object]]:
    if isinstance(value, dict):
        return list(value.items())
    if isinstance(value, (list, tuple)) and len(value) <= MOST_ITEMS:
        return list(enumerate(value))
    return []
