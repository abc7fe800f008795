"""Counters of the kernel's out-of-memory kills, for the host and for each control group."""

from collections.abc import Mapping
from pathlib import Path

from engine.hardware.control_groups import ROOT, own_groups

HOST = "proc/vmstat"


def kills(root: Path = ROOT) -> dict[str, int]:
    """Count the processes killed for memory so far, by counter: the host's, and those of this process's control groups.

    Sources: `oom_kill` of /proc/vmstat; cgroup v2's memory.events and v1's memory.oom_control."""
    places = [root / HOST, *_group_files(root)]
    return {str(place): count for place in places if (count := _count(place)) is not None}


def grew(before: Mapping[str, int], after: Mapping[str, int]) -> bool:
    """Return True where a counter has grown; a counter that did not exist before is ignored.

    Where control groups have counters, the host's is ignored, because it includes kills in other groups."""
    groups = {place: count for place, count in after.items() if not place.endswith(HOST)} or after
    return any(count > before.get(place, count) for place, count in groups.items())


def _group_files(root: Path) -> list[Path]:
    names = {True: "memory.events", False: "memory.oom_control"}
    return [group.folder / names[group.is_v2] for group in own_groups("memory", root)]


def _count(path: Path) -> int | None:
    try:
        lines = path.read_text().splitlines()
    except OSError:
        return None
    return next((int(line.split()[1]) for line in lines if line.startswith("oom_kill ")), None)
