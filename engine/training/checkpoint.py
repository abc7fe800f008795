"""Save and load all that a run needs to go on exactly where it stopped."""

import contextlib
import pickle
from pathlib import Path
from typing import Any

import torch
from torch import nn

from engine.paths import Fence, RunPaths, atomic_path

FORMAT = 1


def save_checkpoint(paths: RunPaths, state: dict[str, Any], *, fence: Fence = contextlib.nullcontext) -> None:
    """Write `last.pt`; the one before it stays beside it, should this one be torn by a power loss.

    Raises OSError, the disk being full for one, and then leaves both as they were."""
    # Through a file of Python's: torch's own writer gives a full disk as a RuntimeError.
    with (
        atomic_path(paths.last, fence=fence, before=paths.last_before) as aside,
        aside.open("wb") as file,
    ):
        torch.save({**state, "format": FORMAT}, file)


def load_checkpoint(paths: RunPaths, spec_hash: str) -> dict[str, Any] | None:
    """The newest whole checkpoint of this spec, tensors on the CPU; None where there is none.

    Raises OSError where one is there but cannot be read."""
    for path in (paths.last, paths.last_before):
        state = _read(path)
        if state and state.get("format") == FORMAT and state.get("spec_hash") == spec_hash:
            return state
    return None


def all_finite(model: nn.Module) -> bool:
    """Whether every weight and statistic of the network is a finite number; waits for the device once."""
    return bool(torch.stack([tensor.isfinite().all() for tensor in model.state_dict().values()]).all())


def _read(path: Path) -> dict[str, Any] | None:
    try:
        with path.open("rb") as file:
            loaded = torch.load(file, map_location="cpu", weights_only=True)
    except (FileNotFoundError, RuntimeError, EOFError, ValueError, KeyError, pickle.UnpicklingError):
        return None  # not there, or torn
    return loaded if isinstance(loaded, dict) else None
