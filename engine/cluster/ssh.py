"""Start of a worker on another host, by the user's own ssh: keys, agents and prompts are its business."""

import json
import shlex
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from engine.cluster.errors import ClusterError
from engine.cluster.shared_table import is_this_host, require_shared_table
from engine.files.paths import Home
from engine.text import plain

NO_PYTHON = 127
"""Exit code of a shell that does not find a command."""
SSH_FAILED = 255


@dataclass(frozen=True)
class RemoteWorker:
    """Worker that was started on another host."""

    host: str
    """Name that the host gives itself."""
    pid: int
    id: int | None
    """None where it found nothing to train and has left already."""
    warning: str | None
    """Reason why it ends when its user logs out there; None where it stays."""


def start_by_ssh(
    host: str, home: Home, arguments: Sequence[str] = (), *, there: Path | None = None
) -> RemoteWorker:
    """Start a worker with these arguments on `host`, in the same folder or in `there`. Raises ClusterError."""
    if not host or host.startswith("-") or not host.isprintable():
        raise ClusterError(f"{plain(repr(host))} is no host: give it as ssh takes it, such as ann@gpu03")
    if not is_this_host([host.rpartition("@")[2]]):
        require_shared_table(home)
    command = ["ssh", "--", host, shlex.join(_command(home, there, arguments))]
    try:
        # Not in the command: command lines are seen by all users of both hosts.
        url = f"{home.database}\n"
        done = subprocess.run(command, input=url, capture_output=True, text=True, check=False)
    except OSError as error:
        raise ClusterError(f"ssh cannot be called ({error.strerror}): install OpenSSH's client") from None
    if done.returncode:
        raise ClusterError(_problem(host, done.returncode, done.stderr))
    try:
        said = json.loads(done.stdout.strip().splitlines()[-1])
        return RemoteWorker(plain(said["host"]), int(said["pid"]), said["worker"], said["warning"])
    except (IndexError, KeyError, TypeError, ValueError):
        raise ClusterError(
            f"{host} did not say whether its worker has started: look at runs/worker.log"
        ) from None


def _command(home: Home, there: Path | None, arguments: Sequence[str]) -> list[str]:
    """Return the command that the other host's shell gets."""
    command = [sys.executable, "-P", "-m", "engine.cluster.remote_start", "--home", str(there or home.root)]
    if home.cache != home.root / "cache":
        command += ["--cache", str(home.cache)]
    return [*command, *arguments]


def _problem(host: str, code: int, written: str) -> str:
    last = plain(next(reversed(written.strip().splitlines()), "no message"))
    if code == SSH_FAILED:
        return f"ssh says: {last}"
    if code == NO_PYTHON or "No module named" in last:
        return f"{host} has no resnet-tui in {sys.prefix} ({last}): install it there under the same path"
    return f"{host}: {last}"
