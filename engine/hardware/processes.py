"""Identity of processes on this host, by pid and start time, because a pid may be reused."""

import os
import pwd
import signal
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple


def host_name() -> str:
    return socket.gethostname()


def host_id() -> str:
    """Return what tells the processes of this host apart from those of another: the id of the kernel's boot, and the
    namespace that process numbers are counted in; the host's name where the kernel tells neither.

    Containers may share a host's name, or a kernel; several hosts may have one name."""
    try:
        return f"{_boot_id()}/{os.readlink('/proc/self/ns/pid')}"
    except OSError:
        return host_name()


def is_this_host(host: str, name: str) -> bool:
    """Return True where a `host_id` and a host's name are of this one; the name alone tells where the id is empty, as
    in rows of earlier versions."""
    return host == host_id() if host else name == host_name()


def machine_of(host: str) -> str:
    """Return the part of a `host_id` that containers of one machine share."""
    return host.partition("/")[0]


def _boot_id() -> str:
    return Path("/proc/sys/kernel/random/boot_id").read_text().strip()


def started(pid: int) -> str:
    """Return a process's start time, as the id of the boot and the kernel's ticks since then; "" where it has ended.

    Source: proc(5), field 22 of /proc/PID/stat."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        boot = _boot_id()
    except OSError:
        return ""
    return "" if fields[0] == "Z" else f"{boot}/{fields[19]}"


def lineage(pid: int) -> Iterator[int]:
    """Give a process, its parent, that one's parent and so on, up to the first process or one that has ended.

    Source: proc(5), field 4 of /proc/PID/stat."""
    while pid > 0:
        yield pid
        try:
            pid = int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
        except OSError:
            return


def children(pid: int) -> list[int]:
    """Return the processes that a process has started and that have not ended; none where the kernel does not tell.

    Source: proc(5), /proc/PID/task/TID/children."""
    try:
        return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except OSError:
        return []


class ProcessFacts(NamedTuple):
    """User and command line of a process; empty where it is not seen, as from within a container."""

    user: str
    command: str


def facts_of(pid: int) -> ProcessFacts:
    return ProcessFacts(_user(pid), _command(pid))


def _user(pid: int) -> str:
    """Return the name of the user whose process it is, else the user's number."""
    try:
        number = Path(f"/proc/{pid}").stat().st_uid
    except OSError:
        return ""
    try:
        return pwd.getpwuid(number).pw_name
    except KeyError:
        return str(number)


def _command(pid: int) -> str:
    """Return a process's command line, its program without the folder.

    Source: proc(5), /proc/PID/cmdline."""
    try:
        words = Path(f"/proc/{pid}/cmdline").read_bytes().decode(errors="replace").rstrip("\0").split("\0")
    except OSError:
        return ""
    return " ".join([words[0].rpartition("/")[2], *words[1:]])


def is_alive(pid: int, since: str) -> bool:
    """Return True where the process `pid` that started at `since` is still running."""
    return bool(since) and started(pid) == since


def takes(pid: int, number: signal.Signals) -> bool:
    """Return True where a process has a handler for a signal. Source: proc(5), SigCgt of /proc/PID/status."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return False
    caught = next((line.split()[1] for line in lines if line.startswith("SigCgt:")), "0")
    return bool(int(caught, 16) >> (number - 1) & 1)


def signal_group(pid: int, number: signal.Signals) -> None:
    """Send a signal to the process group with the leader `pid`; do nothing where it has ended."""
    try:
        os.killpg(pid, number)
    except ProcessLookupError:
        return
