"""Start a worker that outlives this program and the SSH session."""

import contextlib
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from engine.files.paths import Home
from engine.files.privacy import private_opener, secure_home
from engine.hardware import linger
from engine.hardware.cores import usable_cores
from engine.text import plain

LOOK_S = 0.1


class StartFailed(Exception):
    """Worker that ended before it had begun; its last words, one line."""


@dataclass(frozen=True)
class NewWorker:
    """Worker that was started."""

    pid: int
    id: int | None
    """None where it found nothing to train and has left already."""


def worker_command(
    home: Home, *, arguments: Sequence[str] = (), announcements: Path | None = None
) -> list[str]:
    """Return the command line of a worker, which takes the database from the environment (`Home.environment`).

    `arguments`: further options of a worker. `announcements`: file that it adds its id to (`announced`)."""
    command = [sys.executable, "-P", "-m", "engine.worker", "--home", str(home.root)]
    command += ["--cache", str(home.cache), *arguments]
    return [*command, "--announce", str(announcements)] if announcements is not None else command


def announce(announcements: Path, worker_id: int) -> None:
    """Add the id of a worker that is in the run table to a file; nothing where the file is gone: nobody reads it."""
    with contextlib.suppress(OSError):
        file = os.open(announcements, os.O_WRONLY | os.O_APPEND)
        try:
            os.write(file, f"{worker_id}\n".encode())
        finally:
            os.close(file)


def announced(announcements: Path) -> list[int]:
    """Return the ids of the workers that have announced themselves; none where there is no file."""
    try:
        text = announcements.read_text()
    except OSError:
        return []
    return [int(line) for line in text.splitlines() if line.isdecimal()]


def worker_log(home: Home) -> Path:
    return home.root / "runs" / "worker.log"


def last_words(home: Home) -> str:
    """Return the last line of the workers' log, which says why a worker could not start."""
    try:
        lines = worker_log(home).read_text(encoding="utf-8", errors="replace").strip().splitlines()
    except OSError:
        lines = []
    return plain(lines[-1]) if lines else "the worker exited without a message"


def crowd_warning(slots: str, device: str) -> str:
    """Return what to say where more workers than cores are to share the CPU; empty else."""
    cores = usable_cores()
    if device != "cpu" or not slots.isdecimal() or int(slots) <= cores:
        return ""
    shared = "1 core" if cores == 1 else f"{cores} cores"
    return (
        f"{slots} workers share {shared}: they train no faster than {cores}, and each takes memory of its own; "
        "--slots auto starts as many as pay"
    )


def logout_warning() -> str | None:
    """Return a warning to show before starting a worker that a logout would kill; None where it would survive."""
    found = linger.look()
    return None if found.prefix else found.warning


def start_and_follow(home: Home, arguments: Sequence[str] = ()) -> NewWorker:
    """Start a worker and wait until it, or the first of several, is in the run table, or has ended. Raises
    StartFailed, OSError."""
    with tempfile.TemporaryDirectory() as folder:
        announcements = Path(folder) / "workers"
        announcements.touch()
        process = start_worker(home, arguments, announcements=announcements)
        while (code := _code_within(process, LOOK_S)) is None:
            if ids := announced(announcements):
                return NewWorker(process.pid, ids[0])
    if code:
        raise StartFailed(last_words(home))
    return NewWorker(process.pid, None)


def _code_within(process: "subprocess.Popen[bytes]", seconds: float) -> int | None:
    try:
        return process.wait(seconds)
    except subprocess.TimeoutExpired:
        return None


def start_worker(
    home: Home, arguments: Sequence[str] = (), *, announcements: Path | None = None
) -> "subprocess.Popen[bytes]":
    """Start a worker in its own session, with its output in `runs/worker.log`. Raises OSError.

    Where a logout would kill it, it starts in a scope of the user's service manager, if that helps."""
    log = worker_log(home)
    secure_home(home)
    with open(log, "ab", opener=private_opener) as output:
        return subprocess.Popen(
            [*linger.look().prefix, *worker_command(home, arguments=arguments, announcements=announcements)],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            cwd=home.root,
            env=home.environment(),
        )
