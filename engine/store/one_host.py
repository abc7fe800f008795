"""A SQLite file in a network folder: used from one host at a time, without a write-ahead log.

The log's index is memory that processes share, which no two hosts do; and locks over a network are not to be relied
upon. The host that holds the file writes its name beside it and touches that at least every few seconds while it
works; a name that was not touched for EXPIRES_S is nobody's, so that no host can be locked out by one that died."""

import os
import re
import tempfile
import time
from pathlib import Path

from engine import processes
from engine.paths import write_atomic
from engine.text import plain, tell

NETWORK = frozenset({
    "nfs", "nfs4", "cifs", "smb3", "smbfs", "lustre", "gpfs", "beegfs", "ceph", "glusterfs", "afs", "9p", "ncpfs",
    "orangefs", "pvfs2", "davfs", "fuse.sshfs", "fuse.glusterfs", "fuse.ceph", "fuse.ceph-fuse", "fuse.s3fs",
    "fuse.rclone", "fuse.gcsfuse", "fuse.juicefs", "fuse.davfs",
})  # fmt: skip
"""Types of file systems, as the kernel names them, that several hosts may have mounted."""
MOUNTS = Path("/proc/self/mountinfo")
TOUCH_EVERY_S = 5.0
EXPIRES_S = 30.0
"""Longer than anything that works with the run table is silent."""


class HeldElsewhere(Exception):
    """Another host works with the file; one line that says which."""


def file_system_of(folder: Path) -> str:
    """The type of the file system that a folder lies on, such as ext4 or nfs4; "" where that is not known."""
    try:
        lines = MOUNTS.read_text(errors="surrogateescape").splitlines()
    except OSError:
        return ""
    return type_at(os.path.realpath(folder), lines)


def type_at(path: str, mounts: list[str]) -> str:
    """The type by the lines of a mountinfo: of the longest mount point above the path, the last mounted there.

    Source: proc_pid_mountinfo(5)."""
    best, found = -1, ""
    for line in mounts:
        left, _, right = line.partition(" - ")
        fields = left.split(" ")
        if len(fields) < 5 or not right:
            continue
        point = re.sub(r"\\([0-7]{3})", lambda octal: chr(int(octal[1], 8)), fields[4])
        if (path == point or path.startswith(point.rstrip("/") + "/")) and len(point) >= best:
            best, found = len(point), right.split(" ", 1)[0]
    return found


def holder_for(database: Path) -> "Holder | None":
    """Who keeps the file for this host; None where it does not lie in a network folder."""
    kind = file_system_of(database.parent)
    return Holder(database, kind) if kind in NETWORK else None


class Holder:
    """Holds a database's file for this host."""

    def __init__(self, database: Path, kind: str) -> None:
        self._database, self._kind = database, kind
        self._name = database.with_name(f"{database.name}.host")
        self._next = 0.0

    def keep(self) -> None:
        """Take the file or go on holding it; looks only every few seconds. Raises HeldElsewhere."""
        if time.monotonic() < self._next:
            return
        mine = processes.host_name()
        try:
            holder = self._name.read_text(errors="replace").strip()
        except FileNotFoundError:
            holder = None
        try:
            if holder == mine:
                os.utime(self._name)
            else:
                self._take(mine, holder)
        except OSError:
            pass  # who may not write here may not change the table either
        self._next = time.monotonic() + TOUCH_EVERY_S

    def _take(self, mine: str, holder: str | None) -> None:
        if holder is not None:
            silent_s = abs(self._now_s() - self._name.stat().st_mtime)
            if silent_s < EXPIRES_S:
                raise HeldElsewhere(
                    f"{self._database} is held by host {plain(holder)[:100]} ({silent_s:.0f} s ago) and lies in a "
                    f"network folder ({self._kind}): work there, or stop what runs there and wait {EXPIRES_S:.0f} s"
                )
        write_atomic(self._name, f"{mine}\n".encode())
        if holder is None:
            tell(
                f"{self._database} lies in a network folder ({self._kind}): it works from one host at a time, and "
                "without a write-ahead log"
            )

    def _now_s(self) -> float:
        """The server's time: the hosts' clocks may differ."""
        with tempfile.NamedTemporaryFile(dir=self._name.parent, prefix=f".{self._name.name}.") as probe:
            probe.write(b"\n")
            probe.flush()
            os.fsync(probe.fileno())
            return os.stat(probe.name).st_mtime
