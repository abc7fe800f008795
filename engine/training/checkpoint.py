"""Checkpoints: everything that a run needs to resume exactly where it stopped."""

import contextlib
import zipfile
from pathlib import Path
from typing import IO, Any

import torch
from torch import Tensor, nn

from engine.datasets.layouts import DataError
from engine.files.paths import Fence, RunPaths, atomic_path
from engine.recipes.batch_parts import LAST_SHORT, PARTITIONS, SHARED, Partition
from engine.training.out_of_memory import is_out_of_memory

FORMAT = 1
PARTITION = "partition"
"""Key of the rule that the run divides its epochs and batches by: its steps are counted by it."""


def save_checkpoint(paths: RunPaths, state: dict[str, Any], *, fence: Fence = contextlib.nullcontext) -> None:
    """Write `last.pt` and keep the one before it, in case a power loss damages the new one.

    Raises OSError, for example on a full disk, and then leaves both as they were."""
    with atomic_path(paths.last, fence=fence, before=paths.last_before) as aside:
        _write({**state, "format": FORMAT}, aside)


class CheckpointError(DataError):
    """Error for a checkpoint that this run cannot resume from, in one line that says what to do."""


def load_checkpoint(paths: RunPaths, spec_hash: str) -> dict[str, Any] | None:
    """Load the newest intact checkpoint, tensors on the CPU; return None where there is none, or only damaged ones.

    Raises CheckpointError where it was made with other settings or by another program, so that no epochs are discarded
    without the user's consent; OSError where a checkpoint exists but cannot be read."""
    for path in (paths.last, paths.last_before):
        state = _read(path)
        if state is None:
            continue
        is_known = state.get("format") == FORMAT and state.get(PARTITION, LAST_SHORT.name) in PARTITIONS
        if not is_known or state.get("spec_hash") != spec_hash:
            raise _foreign(path)
        return state
    return None


def partition_of(checkpoint: dict[str, Any] | None) -> Partition:
    """Return the rule by which a run divides its images: its checkpoint's, or without one that of a run that begins."""
    return SHARED if checkpoint is None else PARTITIONS[checkpoint.get(PARTITION, LAST_SHORT.name)]


def all_finite(model: nn.Module) -> bool:
    """Return True where every weight and statistic of the network is finite; waits for the device once."""
    found = [_is_finite(tensor) for tensor in model.state_dict().values()]
    return bool(torch.stack(found).all())


def _is_finite(tensor: Tensor) -> Tensor:
    """Return a bool on the tensor's device. The extremes of a tensor with NaN are NaN; they are found in one pass, a
    seventh of the time of `isfinite`."""
    if tensor.dtype not in (torch.float32, torch.float64) or tensor.numel() == 0:
        return tensor.isfinite().all()
    least, most = tensor.aminmax()
    return least.isfinite() & most.isfinite()


def _write(state: dict[str, Any], path: Path) -> None:
    try:
        # Write through a Python file, because torch's own writer does not report a full disk.
        with path.open("wb") as file:
            torch.save(state, file)
    except RuntimeError as error:
        # After a failed write torch closes its archive and raises an error about the archive instead.
        if isinstance(error.__context__, OSError):
            raise error.__context__ from None
        raise


def _read(path: Path) -> dict[str, Any] | None:
    """Read a checkpoint; return None where the file is missing or damaged.

    Raises the errors of load_checkpoint, and MemoryError."""
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
    except Exception as error:  # parsing may raise anything
        if is_out_of_memory(error):
            raise MemoryError(f"{path} does not fit into the host's memory") from None
        raise _foreign(path) from None
    if not isinstance(loaded, dict):
        raise _foreign(path)
    return loaded


def _is_whole(file: IO[bytes]) -> bool:
    """Check the archive's checksums, which torch itself does not compare."""
    try:
        return zipfile.ZipFile(file).testzip() is None
    except (OSError, MemoryError):
        raise
    except Exception:  # a damaged archive may raise anything
        return False


def _foreign(path: Path) -> CheckpointError:
    return CheckpointError(
        f"{path} was made with other settings or by another version: queue a clone of the run, or remove "
        "the file to train it from the start"
    )
