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
MOST_VISITED = 1_000_000
"""Dicts and lists that are searched at most."""


@dataclass(frozen=True)
class FoundState:
    """Named tensors in a file, and the keys that lead to them."""

    keys: tuple[str, ...]
    tensors: Mapping[str, Tensor]


def find_states(content: object, name: str) -> tuple[FoundState, ...]:
    """Return all dicts of named tensors in what a file held, the outermost first. Raises WeightsError for none.

    What lies under several keys counts once, under the first."""
    found: list[FoundState] = []
    networks: list[str] = []
    waiting: deque[tuple[tuple[str, ...], object]] = deque([((), content)])
    seen = {id(content)}
    while waiting:
        keys, value = waiting.popleft()
        if isinstance(value, Foreign) and value.is_module:
            networks.append(value.name)
        items = _items(value)
        tensors = {key: each for key, each in items if isinstance(key, str) and isinstance(each, Tensor)}
        if tensors and isinstance(value, dict):
            found.append(FoundState(keys, tensors))
        for key, each in items if len(keys) < MOST_KEYS else ():
            if isinstance(each, (dict, list, tuple, Foreign)) and id(each) not in seen:
                seen.add(id(each))
                waiting.append(((*keys, _text_of(key)), each))
        if len(seen) > MOST_VISITED:
            raise WeightsError(f"{name} holds more than {MOST_VISITED:,} dicts and lists: {SAVE_STATE}")
    if not found and networks:
        raise WeightsError(f"{name} holds a whole network, {networks[0]}, which is never run: {SAVE_STATE}")
    if not found:
        raise WeightsError(f"{name} holds no state dict: {SAVE_STATE}")
    return tuple(found)


def _text_of(key: object) -> str:
    """Return a key as text; one that is no text or number may hold one object very often."""
    return str(key) if isinstance(key, (str, int)) else "…"


def _items(value: object) -> list[tuple[object, object]]:
    if isinstance(value, dict):
        return list(value.items())
    if isinstance(value, (list, tuple)) and len(value) <= MOST_ITEMS:
        return list(enumerate(value))
    return []
