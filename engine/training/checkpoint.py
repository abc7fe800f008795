"""Save and load all that a run needs to go on exactly where it stopped."""

import os
import pickle
from pathlib import Path
from typing import Any

import torch

from engine.paths import RunPaths, atomic_path

FORMAT = 1


def save_checkpoint(paths: RunPaths, state: dict[str, Any]) -> None:
    """Write `last.pt`; the one before it stays beside it, should this one be torn by a power loss."""
    if paths.last.exists():
        os.replace(paths.last, paths.last_before)
    with atomic_path(paths.last) as aside:
        torch.save({**state, "format": FORMAT}, aside)


def load_checkpoint(paths: RunPaths, spec_hash: str) -> dict[str, Any] | None:
    """The newest whole checkpoint of this spec, tensors on the CPU; None where there is none."""
    for path in (paths.last, paths.last_before):
        state = _read(path)
        if state and state.get("format") == FORMAT and state.get("spec_hash") == spec_hash:
            return state
    return None


def _read(path: Path) -> dict[str, Any] | None:
    try:
        loaded = torch.load(path, map_location="cpu", weights_only=True)
    except (OSError, RuntimeError, EOFError, ValueError, KeyError, pickle.UnpicklingError):
        return None
    return loaded if isinstance(loaded, dict) else None
