"""Control groups of this process: its own in each hierarchy, and those around it.

Source: cgroups(7), /proc/self/cgroup. In a container the path may be the host's, which is not mounted there: then the
mount's root is the container's own group."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path("/")


@dataclass(frozen=True)
class Group:
    """Control group of this process; its folder may be missing."""

    mount: Path
    folder: Path
    is_v2: bool

    def upwards(self) -> Iterator[Path]:
        """Yield its folder, then those of the groups around it, up to the mount."""
        folder = self.folder
        yield folder
        while folder != self.mount:
            folder = folder.parent
            yield folder


def own_groups(controller: str, root: Path = ROOT) -> list[Group]:
    """Return the groups of this process that may limit or count what a controller governs."""
    try:
        lines = (root / "proc/self/cgroup").read_text().splitlines()
    except OSError:
        return []
    mounts, found = root / "sys/fs/cgroup", []
    for line in lines:
        _, controllers, path = line.split(":", 2)
        inside = path.lstrip("/")
        if not controllers:
            found += [Group(mount, mount / inside, True) for mount in (mounts, mounts / "unified")]
        elif controller in controllers.split(","):
            found.append(Group(mounts / controller, mounts / controller / inside, False))
    return found
