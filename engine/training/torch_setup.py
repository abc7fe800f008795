"""Setup of torch and the C library in a training process, before the first step."""

import ctypes
import os
from typing import Any

import torch

from engine.hardware.cores import thread_count, usable_cores
from engine.spec.run_spec import RunSpec
from engine.training.precision import forbid_tf32

# glibc's names for `mallopt`, in its malloc.h.
M_TRIM_THRESHOLD, M_TOP_PAD, M_MMAP_MAX = -1, -2, -4
KEPT_FREE_BYTES = 1 << 30
GROWTH_BYTES = 64 << 20


def set_up_process(spec: RunSpec, environment: dict[str, Any], device: torch.device) -> None:
    """Set the threads, rounding and determinism that the run started with."""
    torch.set_num_threads(environment["threads"])
    if environment["precision"] == "fp32":
        forbid_tf32()
    if spec.deterministic:
        torch.use_deterministic_algorithms(True)
    if device.type == "cpu":
        keep_freed_memory()


def resolve_threads(wanted: int, free_cores: int | None = None) -> int:
    """Return the compute threads: as asked, else OMP_NUM_THREADS where it is a number, else as many as `thread_count`
    has for `free_cores`, or for all cores that this process may use."""
    return named_threads(wanted) or thread_count(free_cores or usable_cores())


def named_threads(wanted: int) -> int:
    """Return the threads as asked, or those of OMP_NUM_THREADS; 0 where nobody names a number."""
    told = os.environ.get("OMP_NUM_THREADS", "")
    return wanted or (int(told) if told.isdecimal() else 0)


def keep_freed_memory() -> bool:
    """Keep freed memory in the process, so that the next step reuses it; return False where the C library is not glibc.

    By default glibc returns each large block to the kernel when it is freed, so that each step on the CPU faults in all
    its activations again, zeroed. This takes up to a fifth of a step's time (docs/LOG.md has the figures). The peak
    memory of the process grows by about a tenth."""
    try:
        mallopt = ctypes.CDLL("libc.so.6").mallopt
    except (OSError, AttributeError):
        return False
    wanted = ((M_MMAP_MAX, 0), (M_TRIM_THRESHOLD, KEPT_FREE_BYTES), (M_TOP_PAD, GROWTH_BYTES))
    return all([mallopt(name, value) for name, value in wanted])
