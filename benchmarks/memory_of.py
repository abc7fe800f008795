"""Memory of a process as the kernel counts it."""

import contextlib
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

MB = 1e6
POLL_S = 0.1
STEADY, STEADY_BYTES = 8, 500_000
"""Memory is steady where so many readings in a row differ by no more than this."""


@dataclass(frozen=True)
class Memory:
    """Memory of a process in bytes."""

    pss: int
    """Resident, where a page that several processes map counts by its share."""
    own: int
    """Written by this process alone: what would be free if it ended. Also called anonymous."""
    peak: int
    """Most that was ever resident, shared pages whole."""

    def __str__(self) -> str:
        return f"{self.pss / MB:,.0f} MB, of it its own {self.own / MB:,.0f}; peak {self.peak / MB:,.0f}"


def memory_of(pid: int | str = "self") -> Memory:
    """Read the memory of a process. Raises OSError where it has ended."""
    rollup, status = (_sizes(Path(f"/proc/{pid}/{name}")) for name in ("smaps_rollup", "status"))
    return Memory(rollup["Pss"], rollup["Anonymous"], status["VmHWM"])


def forget_peak() -> None:
    """Let the peak of this process begin anew."""
    Path("/proc/self/clear_refs").write_text("5")


def children_of(pid: int) -> list[int]:
    """Return the children of a process, the oldest first."""
    with contextlib.suppress(OSError):
        return list(map(int, Path(f"/proc/{pid}/task/{pid}/children").read_text().split()))
    return []


def until(is_so: Callable[[], bool], limit_s: float = 120.0) -> None:
    """Wait until something is so. Raises TimeoutError."""
    deadline = time.monotonic() + limit_s
    while not is_so():
        if time.monotonic() > deadline:
            raise TimeoutError(f"it was not so within {limit_s:.0f} s")
        time.sleep(POLL_S)


def steady_memory_of(pid: int, limit_s: float = 60.0) -> Memory:
    """Read the memory of a process once it neither grows nor shrinks, or the time is up."""
    found = [memory_of(pid)]
    deadline = time.monotonic() + limit_s
    while time.monotonic() < deadline:
        time.sleep(POLL_S)
        found = [*found[1 - STEADY :], memory_of(pid)]
        sizes = [each.own for each in found]
        if len(found) == STEADY and max(sizes) - min(sizes) < STEADY_BYTES:
            break
    return found[-1]


def _sizes(path: Path) -> dict[str, int]:
    """Read the sizes that one of the kernel's tables gives in kB, in bytes."""
    lines = (line.split() for line in path.read_text().splitlines())
    return {each[0].rstrip(":"): 1024 * int(each[1]) for each in lines if each[-1] == "kB"}
