"""Has the kernel killed for memory? It counts, for the host and for each control group."""

from collections.abc import Mapping
from pathlib import Path

ROOT = Path("/")
HOST = "proc/vmstat"


def kills(root: Path = ROOT) -> dict[str, int]:
    """Processes killed for memory so far, by where that is counted: the host, and this process's control groups.

    Sources: `oom_kill` of /proc/vmstat; cgroup v2's memory.events and v1's memory.oom_control."""
    places = [root / HOST, *_group_files(root)]
    return {str(place): count for place in places if (count := _count(place)) is not None}


def grew(before: Mapping[str, int], after: Mapping[str, int]) -> bool:
    """Has a count grown? One that was not there before tells nothing. Where a control group counts, the host does not:
    it counts the kills of other groups too."""
    groups = {place: count for place, count in after.items() if not place.endswith(HOST)} or after
    return any(count > before.get(place, count) for place, count in groups.items())


def _group_files(root: Path) -> list[Path]:
    try:
        lines = (root / "proc/self/cgroup").read_text().splitlines()
    except OSError:
        return []
    mounts, found = root / "sys/fs/cgroup", []
    for line in lines:
        _, controllers, path = line.split(":", 2)
        if not controllers:
            found += [mount / path.lstrip("/") / "memory.events" for mount in (mounts, mounts / "unified")]
        elif "memory" in controllers.split(","):
            found.append(mounts / "memory" / path.lstrip("/") / "memory.oom_control")
    return found


def _count(path: Path) -> int | None:
    try:
        lines = path.read_text().splitlines()
    except OSError:
        return None
    return next((int(line.split()[1]) for line in lines if line.startswith("oom_kill ")), None)
