"""Weights as bytes: safetensors with our metadata, and others' .pth files, whose pickles are never run."""

import json
from collections.abc import Mapping
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import load_file, save
from torch import Tensor

METADATA_KEY = "resnet_tui"
"""All our metadata is one JSON text under this key: safetensors promises no order of several keys."""

WRAPPERS = ("state_dict", "model")
"""Keys under which training scripts store the state dict among other things."""

PARALLEL_PREFIX = "module."
"""What DataParallel and DistributedDataParallel put before every name."""


class WeightsError(ValueError):
    """Weights that are missing, unreadable or of another network: one line that says what to do."""


def weights_bytes(model_state: Mapping[str, Tensor], metadata: Mapping[str, object]) -> bytes:
    """Return a safetensors file's content; equal tensors and metadata give equal bytes.

    The metadata are JSON values. `apply_weights` reads `class_names`, a list, and `bottleneck_stride`.
    """
    tensors = {
        name: tensor.detach().cpu().contiguous(memory_format=torch.contiguous_format)
        for name, tensor in model_state.items()
    }
    text = json.dumps(metadata, sort_keys=True, ensure_ascii=False, allow_nan=False)
    return save(tensors, metadata={METADATA_KEY: text})


def read_weights_metadata(path: Path | str) -> dict[str, object]:
    """Return the metadata that `weights_bytes` was given; empty for a safetensors file of another program."""
    path = existing(path)
    try:
        with safe_open(path, framework="pt") as opened:
            entries = opened.metadata() or {}
        metadata = json.loads(entries.get(METADATA_KEY, "{}"))
    except (SafetensorError, OSError, ValueError) as error:
        raise WeightsError(unreadable(path, error)) from error
    if not isinstance(metadata, dict):
        raise WeightsError(f"{path} is damaged: its metadata is no JSON object")
    return metadata


def read_state(path: Path | str) -> dict[str, Tensor]:
    """Return the tensors of a .safetensors, .pth or .pt file by name, on the CPU, without wrapper or prefix."""
    path = existing(path)
    suffix = path.suffix.lower()
    if suffix not in (".safetensors", ".pth", ".pt"):
        raise WeightsError(f"{path} is no weights file: its name must end in .safetensors, .pth or .pt")
    try:
        content = load_file(path) if suffix == ".safetensors" else torch.load(path, "cpu", weights_only=True)
    except Exception as error:  # a damaged or hostile file may raise anything while it is parsed
        raise WeightsError(unreadable(path, error)) from error
    return unwrapped(path, content)


def unwrapped(path: Path, content: object) -> dict[str, Tensor]:
    """Return the state dict inside what a file held."""
    for wrapper in WRAPPERS:
        if isinstance(content, dict) and isinstance(content.get(wrapper), dict):
            content = content[wrapper]
    if not isinstance(content, dict) or not content:
        raise WeightsError(f"{path} holds no state dict: save model.state_dict() into it")
    state: dict[str, Tensor] = {}
    for name, tensor in content.items():
        if not isinstance(name, str) or not isinstance(tensor, Tensor):
            raise WeightsError(f"{path} holds no state dict: {name!r} is no named tensor")
        state[name.removeprefix(PARALLEL_PREFIX)] = tensor
    return state


def existing(path: Path | str) -> Path:
    """Return the path, once it is known to be a file."""
    if not Path(path).is_file():
        raise WeightsError(f"no weights file {path}: give the path of a .safetensors, .pth or .pt file")
    return Path(path)


def unreadable(path: Path, error: Exception) -> str:
    """One line; torch's own text is left out, for it advises to load the file unsafely."""
    if isinstance(error, PermissionError):
        return f"{path} may not be read: change its permissions"
    return (
        f"{path} is damaged or holds more than tensors, which is never loaded: save model.state_dict() alone"
    )
