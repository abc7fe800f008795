"""Start a worker that outlives this program and the SSH session."""

import subprocess
import sys
from pathlib import Path

from engine.files.paths import Home
from engine.files.privacy import private_opener, secure_home
from engine.hardware import linger
from engine.text import plain


def worker_command(home: Home, *, drain: bool = False) -> list[str]:
    command = [sys.executable, "-P", "-m", "engine.worker", "--db", home.database, "--home", str(home.root)]
    command += ["--cache", str(home.cache), "--device", "auto"]
    return [*command, "--drain"] if drain else command


def worker_log(home: Home) -> Path:
    return home.root / "runs" / "worker.log"


def last_words(home: Home) -> str:
    """The last line of the workers' log: why one could not start."""
    try:
        lines = worker_log(home).read_text(errors="replace").strip().splitlines()
    except OSError:
        lines = []
    return plain(lines[-1]) if lines else "the worker left without a word"


def logout_warning() -> str | None:
    """What to tell the user before a worker is started here that the logout would end; None where it goes on."""
    found = linger.look()
    return None if found.prefix else found.warning


def start_worker(home: Home, *, drain: bool = False) -> "subprocess.Popen[bytes]":
    """Start a worker in a session of its own, and where the logout would end it in a scope of the user's service
    manager, if that helps; its output goes to `runs/worker.log`. Raises OSError."""
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
        )
