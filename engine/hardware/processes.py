"""Which process is which on this host: a pid alone may have been given to another one."""

import os
import signal
import socket
from pathlib import Path


def host_name() -> str:
    return socket.gethostname()


def started(pid: int) -> str:
    """When a process began, in the kernel's ticks since boot with the boot's id; "" where it is gone.

    Source: proc(5), field 22 of /proc/PID/stat."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        return ""
    return "" if fields[0] == "Z" else f"{boot}/{fields[19]}"


def is_alive(pid: int, since: str) -> bool:
    """Is the process that began at `since` still there?"""
    return bool(since) and started(pid) == since


def takes(pid: int, number: signal.Signals) -> bool:
    """Whether a process has a handler for a signal. Source: proc(5), SigCgt of /proc/PID/status."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return False
    caught = next((line.split()[1] for line in lines if line.startswith("SigCgt:")), "0")
    return bool(int(caught, 16) >> (number - 1) & 1)


def signal_group(pid: int, number: signal.Signals) -> None:
    """Signal a process group whose leader is `pid`; fine if it has gone."""
    try:
        os.killpg(pid, number)
    except ProcessLookupError:
        return
