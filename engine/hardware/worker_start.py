"""Start a worker that outlives this program and the SSH session."""

import subprocess
import sys
from pathlib import Path

from engine.files.paths import Home
from engine.files.privacy import private_opener, secure_home
from engine.hardware import linger
from engine.text import plain


def worker_command(home: Home, *, drain: bool = False) -> list[str]:
    """Return the command line of a worker, which takes the database from the environment (`Home.environment`)."""
    command = [sys.executable, "-P", "-m", "engine.worker", "--home", str(home.root)]
    command += ["--cache", str(home.cache), "--device", "auto"]
    return [*command, "--drain"] if drain else command


def worker_log(home: Home) -> Path:
    return home.root / "runs" / "worker.log"


def last_words(home: Home) -> str:
    """Return the last line of the workers' log, which says why a worker could not start."""
    try:
        lines = worker_log(home).read_text(encoding="utf-8", errors="replace").strip().splitlines()
    except OSError:
        lines = []
    return plain(lines[-1]) if lines else "the worker exited without a message"


def logout_warning() -> str | None:
    """Return a warning to show before starting a worker that a logout would kill; None where it would survive."""
    found = linger.look()
    return None if found.prefix else found.warning


def start_worker(home: Home, *, drain: bool = False) -> "subprocess.Popen[bytes]":
    """Start a worker in its own session, with its output in `runs/worker.log`. Raises OSError.

    Where a logout would kill it, it starts in a scope of the user's service manager, if that helps."""
    log = worker_log(home)
    secure_home(home)
    with open(log, "ab", opener=private_opener) as output:
        return subprocess.Popen(
            [*linger.look().prefix, *worker_command(home, drain=drain)],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            cwd=home.root,
            env=home.environment(),
        )
