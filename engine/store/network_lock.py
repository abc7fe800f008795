"""Lock of a SQLite file in a network folder: one host uses it at a time, without a write-ahead log.

The log's index is memory that processes share, which two hosts cannot do, and SQLite's locks do not work reliably over
a network. The host that uses the database writes its name into a lock file beside it and touches that at least every
few seconds; a lock file not touched for EXPIRES_S is stale, so that a host that died locks no other out."""

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
from engine.text import plain, print_message

NETWORK = frozenset({
    "nfs", "nfs4", "cifs", "smb3", "smbfs", "lustre", "gpfs", "beegfs", "ceph", "glusterfs", "afs", "9p", "ncpfs",
    "orangefs", "pvfs2", "davfs", "fuse.sshfs", "fuse.glusterfs", "fuse.ceph", "fuse.ceph-fuse", "fuse.s3fs",
    "fuse.rclone", "fuse.gcsfuse", "fuse.juicefs", "fuse.davfs", "gfs2", "ocfs2", "wekafs", "panfs", "virtiofs",
})  # fmt: skip
"""Types of file systems, as the kernel names them, that several hosts may have mounted; 9p and virtiofs are those of
virtual machines, which share no memory with each other or with their host."""
MOUNTS = Path("/proc/self/mountinfo")
TOUCH_EVERY_S = 5.0
EXPIRES_S = 30.0
"""Longer than a program that uses the run table goes without touching the lock file."""
ASK_EVERY_S, TRIES = 0.05, 40
"""Interval and number of attempts to take the lock file while other hosts try too."""
READ_ONLY = frozenset({errno.EACCES, errno.EPERM, errno.EROFS})
"""Errors of a user who may not write the lock file, and so may read the table but not change it."""
FULL = frozenset({errno.ENOSPC, errno.EDQUOT})


class HeldElsewhere(Exception):
    """Database that another host uses, or that may be in use; one line that says what to do."""


@dataclass(frozen=True)
class LockFile:
    """Host named in a lock file, and the time of its last touch by the file server's clock."""

    host: str
    touched_ns: int


def file_system_of(folder: Path) -> str:
    """Return the type of a folder's file system, such as ext4 or nfs4; "" if unknown."""
    try:
        lines = MOUNTS.read_text(encoding="utf-8", errors="surrogateescape").splitlines()
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
    """Return the holder of a database for this host; None where it is not in a network folder.

    Links are followed, because the journal lies beside the file itself."""
    database = Path(os.path.realpath(database))
    kind = file_system_of(database.parent)
    return Holder(database, kind) if kind in NETWORK else None


class Holder:
    """Lock on a database, held for this host."""

    def __init__(self, database: Path, kind: str) -> None:
        self._database, self._kind = database, kind
        self._lock = database.with_name(f"{database.name}.host")
        self._turn_lock = database.with_name(f"{database.name}.host.turn")
        self._next = 0.0

    def keep(self) -> None:
        """Take the lock or renew it, at most every TOUCH_EVERY_S seconds. Raises HeldElsewhere."""
        if time.monotonic() < self._next:
            return
        try:
            self._hold(processes.host_name())
        except OSError as error:
            if error.errno in FULL:
                return  # nothing can be written now: the next call tries again
            if error.errno not in READ_ONLY:
                raise HeldElsewhere(
                    f"{self._lock} says which host works with the run table and cannot be read or touched "
                    f"({error.strerror}): look at the network folder ({self._kind}), then try again"
                ) from None
        self._next = time.monotonic() + TOUCH_EVERY_S

    def _hold(self, mine: str) -> None:
        """Take or renew the lock. Another host may come first at every step: the host read back afterwards counts."""
        for _ in range(TRIES):
            found = _read(self._lock)
            with contextlib.suppress(FileNotFoundError, FileExistsError):
                if found is not None and found.host == mine:
                    os.utime(self._lock)
                else:
                    self._refuse_unless_stale(found)
                    with self._turn():
                        self._take(mine, found)
                held = _read(self._lock)
                if held is not None and held.host == mine:
                    if found is None:
                        self._say()
                    return
            time.sleep(ASK_EVERY_S)
        if self._lock.parent.is_dir():  # else the database itself says what is missing
            raise HeldElsewhere(
                f"several hosts ask for {self._database} in a network folder ({self._kind}) at once: work on one of "
                f"them, and try again in {EXPIRES_S:.0f} s"
            )

    def _refuse_unless_stale(self, found: LockFile | None) -> None:
        """Raise HeldElsewhere where the lock file was touched less than EXPIRES_S ago."""
        silent_s = self._silent_s(found) if found is not None else EXPIRES_S
        if found is not None and silent_s < EXPIRES_S:
            raise HeldElsewhere(
                f"{self._database} is held by host {plain(found.host)[:100]} ({silent_s:.0f} s ago) and is in a "
                f"network folder ({self._kind}): work there, or stop what runs there and wait {EXPIRES_S:.0f} s"
            )

    @contextlib.contextmanager
    def _turn(self) -> Iterator[None]:
        """Let one host at a time replace the lock file, by a second file. Raises FileExistsError where another does so.

        It takes a few requests to the server: a second file older than EXPIRES_S, of a host that died, is deleted."""
        try:
            os.close(os.open(self._turn_lock, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, PRIVATE))
        except FileExistsError:
            left = _read(self._turn_lock)
            if left is not None and self._silent_s(left) >= EXPIRES_S:
                self._turn_lock.unlink(missing_ok=True)
            raise
        try:
            yield
        finally:
            with contextlib.suppress(OSError):
                self._turn_lock.unlink(missing_ok=True)

    def _take(self, mine: str, found: LockFile | None) -> None:
        """Replace the lock file that was found by this host's. Raises FileExistsError where it has changed since."""
        if _read(self._lock) != found:
            raise FileExistsError(self._lock)
        with self._beside() as aside:
            if found is not None:
                os.rename(self._lock, aside)
                if _read(aside) != found:  # touched at the last moment
                    os.rename(aside, self._lock)
                    raise FileExistsError(self._lock)
            _write(aside, f"{mine}\n")
            os.rename(aside, self._lock)

    def _say(self) -> None:
        print_message(
            f"{self._database} is in a network folder ({self._kind}): it works from one host at a time, and "
            "without a write-ahead log"
        )

    def _silent_s(self, found: LockFile) -> float:
        """Return the seconds since the last touch, by the server's clock: those of the hosts may differ."""
        with self._beside() as probe:
            _write(probe, "\n")
            return abs(os.stat(probe).st_mtime_ns - found.touched_ns) / 1e9

    @contextlib.contextmanager
    def _beside(self) -> Iterator[Path]:
        """Make a file beside the lock file for this process alone; it is deleted at the end."""
        handle, name = tempfile.mkstemp(dir=self._lock.parent, prefix=f".{self._lock.name}.")
        os.close(handle)
        try:
            yield Path(name)
        finally:
            with contextlib.suppress(OSError):
                os.unlink(name)


def _read(path: Path) -> LockFile | None:
    """Read a lock file; None where there is none. It is opened, because a network file system caches attributes."""
    try:
        with path.open(encoding="utf-8", errors="replace") as file:
            return LockFile(file.read(1000).strip(), os.fstat(file.fileno()).st_mtime_ns)
    except FileNotFoundError:
        return None


def _write(path: Path, text: str) -> None:
    """Write a file through to the server, whose clock gives its time."""
    with path.open("w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
