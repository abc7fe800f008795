"""Save and load all that a run needs to go on exactly where it stopped."""

import contextlib
import zipfile
from pathlib import Path
from typing import IO, Any

import torch
from torch import nn

from engine.datasets.layouts import DataError
from engine.files.paths import Fence, RunPaths, atomic_path
from engine.training.out_of_memory import is_out_of_memory

FORMAT = 1


def save_checkpoint(paths: RunPaths, state: dict[str, Any], *, fence: Fence = contextlib.nullcontext) -> None:
    """Write `last.pt`; the one before it stays beside it, should this one be torn by a power loss.

    Raises OSError, the disk being full for one, and then leaves both as they were."""
    with atomic_path(paths.last, fence=fence, before=paths.last_before) as aside:
        _write({**state, "format": FORMAT}, aside)


class CheckpointError(DataError):
    """A checkpoint that this run cannot go on from; one line that says what to do."""


def load_checkpoint(paths: RunPaths, spec_hash: str) -> dict[str, Any] | None:
    """The newest whole checkpoint, tensors on the CPU; None where there is none, or only torn ones.

    Raises CheckpointError where it is of other settings or another program: nobody's epochs are thrown away
    unasked. OSError where one is there but cannot be read."""
    for path in (paths.last, paths.last_before):
        state = _read(path)
        if state is None:
            continue
        if state.get("format") != FORMAT or state.get("spec_hash") != spec_hash:
            raise _foreign(path)
        return state
    return None


def all_finite(model: nn.Module) -> bool:
    """Whether every weight and statistic of the network is a finite number; waits for the device once."""
    return bool(torch.stack([tensor.isfinite().all() for tensor in model.state_dict().values()]).all())


def _write(state: dict[str, Any], path: Path) -> None:
    try:
        # Through a file of Python's: torch's own writer tells nothing of a full disk.
        with path.open("wb") as file:
            torch.save(state, file)
    except RuntimeError as error:
        # Closing its archive after a write that failed, torch complains of the archive instead.
        if isinstance(error.__context__, OSError):
            raise error.__context__ from None
        raise


def _read(path: Path) -> dict[str, Any] | None:
    """None where the file is missing or torn. Raises what load_checkpoint does, and MemoryError."""
    try:
        with path.open("rb") as file:
            if not _is_whole(file):
                return None
            file.seek(0)
            loaded = torch.load(file, map_location="cpu", weights_only=True)
    except FileNotFoundError:
        return None
    except (OSError, MemoryError):
        raise
    except Exception as error:  # parsing it may raise anything
        if is_out_of_memory(error):
            raise MemoryError(f"{path} does not fit into the host's memory") from None
        raise _foreign(path) from None
    if not isinstance(loaded, dict):
        raise _foreign(path)
    return loaded


def _is_whole(file: IO[bytes]) -> bool:
    """Torch itself compares no checksums."""
    try:
        return zipfile.ZipFile(file).testzip() is None
    except (OSError, MemoryError):
        raise
    except Exception:  # what is torn anywhere may raise anything
        return False


def _foreign(path: Path) -> CheckpointError:
    return CheckpointError(
        f"{path} was made with other settings or by another version: queue a clone of the run, or remove "
        "the file to train it from the start"
    )
