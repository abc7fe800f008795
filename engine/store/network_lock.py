"""Lock of a SQLite file in a network folder: one host uses it at a time, without a write-ahead log.

The log's index is memory that processes share, which no two hosts do; and locks over a network are not to be relied
upon. The host that holds the file writes its name beside it and touches that at least every few seconds while it
works; a name that was not touched for EXPIRES_S is nobody's, so that no host can be locked out by one that died."""

import contextlib
import errno
import os
import re
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from engine.files.paths import PRIVATE
from engine.hardware import processes
from engine.text import plain, tell

NETWORK = frozenset({
    "nfs", "nfs4", "cifs", "smb3", "smbfs", "lustre", "gpfs", "beegfs", "ceph", "glusterfs", "afs", "9p", "ncpfs",
    "orangefs", "pvfs2", "davfs", "fuse.sshfs", "fuse.glusterfs", "fuse.ceph", "fuse.ceph-fuse", "fuse.s3fs",
    "fuse.rclone", "fuse.gcsfuse", "fuse.juicefs", "fuse.davfs", "gfs2", "ocfs2", "wekafs", "panfs", "virtiofs",
})  # fmt: skip
"""Types of file systems, as the kernel names them, that several hosts may have mounted; a machine's guests, and a guest
and its machine (9p, virtiofs), are hosts that share no memory."""
MOUNTS = Path("/proc/self/mountinfo")
TOUCH_EVERY_S = 5.0
EXPIRES_S = 30.0
"""Longer than anything that works with the run table is silent."""
ASK_EVERY_S, TRIES = 0.05, 40
"""Interval and number of reads of the name while other hosts take it too."""
READ_ONLY = frozenset({errno.EACCES, errno.EPERM, errno.EROFS})
"""Who may not write the name may not change the table either, and may read it."""
FULL = frozenset({errno.ENOSPC, errno.EDQUOT})


class HeldElsewhere(Exception):
    """Another host works with the file, or who does cannot be told; one line that says what to do."""


@dataclass(frozen=True)
class Name:
    """Who holds a file, as was read, and the last sign of life by the server's clock."""

    host: str
    touched_ns: int


def file_system_of(folder: Path) -> str:
    """Return the type of a folder's file system, such as ext4 or nfs4; "" if unknown."""
    try:
        lines = MOUNTS.read_text(errors="surrogateescape").splitlines()
    except OSError:
        return ""
    return type_at(os.path.realpath(folder), lines)


def type_at(path: str, mounts: list[str]) -> str:
    """Return the type by the lines of a mountinfo: of the longest mount point above the path, the last one there.

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
    """Who keeps the file for this host; None where it does not lie in a network folder. A link's file counts: there
    its journal lies too."""
    database = Path(os.path.realpath(database))
    kind = file_system_of(database.parent)
    return Holder(database, kind) if kind in NETWORK else None


class Holder:
    """Holds a database's file for this host."""

    def __init__(self, database: Path, kind: str) -> None:
        self._database, self._kind = database, kind
        self._name = database.with_name(f"{database.name}.host")
        self._turns = database.with_name(f"{database.name}.host.turn")
        self._next = 0.0

    def keep(self) -> None:
        """Take the file or go on holding it; looks only every few seconds. Raises HeldElsewhere."""
        if time.monotonic() < self._next:
            return
        try:
            self._hold(processes.host_name())
        except OSError as error:
            if error.errno in FULL:
                return  # nothing can be written now: looked at again at the next call
            if error.errno not in READ_ONLY:
                raise HeldElsewhere(
                    f"{self._name} says which host works with the run table and cannot be read or touched "
                    f"({error.strerror}): look at the network folder ({self._kind}), then try again"
                ) from None
        self._next = time.monotonic() + TOUCH_EVERY_S

    def _hold(self, mine: str) -> None:
        """At every step another host may come first: what counts is the name that is read back afterwards."""
        for _ in range(TRIES):
            found = _read(self._name)
            with contextlib.suppress(FileNotFoundError, FileExistsError):
                if found is not None and found.host == mine:
                    os.utime(self._name)
                else:
                    self._refuse_unless_silent(found)
                    with self._turn():
                        self._take(mine, found)
                held = _read(self._name)
                if held is not None and held.host == mine:
                    if found is None:
                        self._say()
                    return
            time.sleep(ASK_EVERY_S)
        if self._name.parent.is_dir():  # else the database itself says what is missing
            raise HeldElsewhere(
                f"several hosts ask for {self._database} in a network folder ({self._kind}) at once: work on one of "
                f"them, and try again in {EXPIRES_S:.0f} s"
            )

    def _refuse_unless_silent(self, found: Name | None) -> None:
        """Raises HeldElsewhere."""
        silent_s = self._silent_s(found) if found is not None else EXPIRES_S
        if found is not None and silent_s < EXPIRES_S:
            raise HeldElsewhere(
                f"{self._database} is held by host {plain(found.host)[:100]} ({silent_s:.0f} s ago) and is in a "
                f"network folder ({self._kind}): work there, or stop what runs there and wait {EXPIRES_S:.0f} s"
            )

    @contextlib.contextmanager
    def _turn(self) -> Iterator[None]:
        """One host at a time puts its name down or another's away. Raises FileExistsError where it is another's turn.

        A turn takes no longer than a few answers of the server: one that a dead host left is ended."""
        try:
            os.close(os.open(self._turns, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, PRIVATE))
        except FileExistsError:
            left = _read(self._turns)
            if left is not None and self._silent_s(left) >= EXPIRES_S:
                self._turns.unlink(missing_ok=True)
            raise
        try:
            yield
        finally:
            with contextlib.suppress(OSError):
                self._turns.unlink(missing_ok=True)

    def _take(self, mine: str, found: Name | None) -> None:
        """Put this host's name in the place of what was found. Raises FileExistsError where that is not there now."""
        if _read(self._name) != found:
            raise FileExistsError(self._name)
        with self._beside() as aside:
            if found is not None:
                os.rename(self._name, aside)
                if _read(aside) != found:  # a sign of life at the last moment
                    os.rename(aside, self._name)
                    raise FileExistsError(self._name)
            _write(aside, f"{mine}\n")
            os.rename(aside, self._name)

    def _say(self) -> None:
        tell(
            f"{self._database} is in a network folder ({self._kind}): it works from one host at a time, and "
            "without a write-ahead log"
        )

    def _silent_s(self, found: Name) -> float:
        """By the server's time: the hosts' clocks may differ."""
        with self._beside() as probe:
            _write(probe, "\n")
            return abs(os.stat(probe).st_mtime_ns - found.touched_ns) / 1e9

    @contextlib.contextmanager
    def _beside(self) -> Iterator[Path]:
        """A file beside the name that is this process's alone, and goes at the end."""
        handle, name = tempfile.mkstemp(dir=self._name.parent, prefix=f".{self._name.name}.")
        os.close(handle)
        try:
            yield Path(name)
        finally:
            with contextlib.suppress(OSError):
                os.unlink(name)


def _read(path: Path) -> Name | None:
    """None where there is no name. Opened anew, for what a network's file system says of a file else may be old."""
    try:
        with path.open(errors="replace") as file:
            return Name(file.read(1000).strip(), os.fstat(file.fileno()).st_mtime_ns)
    except FileNotFoundError:
        return None


def _write(path: Path, text: str) -> None:
    """To the server, whose time the file then has."""
    with path.open("w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
