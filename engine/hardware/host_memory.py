"""Free memory of the host, within the limits of this process's control groups."""

from pathlib import Path

from engine.hardware.control_groups import ROOT, own_groups
from engine.hardware.telemetry import CpuTelemetry

GIB = 2**30
LIMIT_FILES = {
    True: ("memory.max", "memory.current"),
    False: ("memory.limit_in_bytes", "memory.usage_in_bytes"),
}
"""Files of a group's limit and of what it uses, by whether it is of version 2."""


def free_gb(root: Path = ROOT) -> float:
    """Return the memory that processes can still take, GiB."""
    memory = CpuTelemetry().read()
    free_gb = float(memory["memory_total_gb"] - memory["memory_gb"])
    for group in own_groups("memory", root):
        for folder in group.upwards():
            limit, used = (_bytes(folder / name) for name in LIMIT_FILES[group.is_v2])
            if limit is not None and used is not None:
                free_gb = min(free_gb, (limit - used) / GIB)
    return max(free_gb, 0.0)


def _bytes(file: Path) -> int | None:
    """Return None where there is no such file, or no limit."""
    try:
        return int(file.read_text())
    except (OSError, ValueError):
        return None
