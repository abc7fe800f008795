"""One training process from its start to its end: spawn, pass on requests, record how it ended."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable

from engine import processes
from engine.paths import Home
from engine.store import listing, queue
from engine.store.database import Store
from engine.store.fencing import Claim, LeaseLost
from engine.text import plain

ASK_EVERY_S = 0.5
TAIL_BYTES = 4096
STORE_UNUSABLE = 75
"""The exit code of a training process that could not write to the database (EX_TEMPFAIL of sysexits.h)."""
GRACE_S = 60.0
"""A process that was told to stop and does not is killed after this; it goes on from its last checkpoint."""


class TrainingProcess:
    """`python -m engine.training.run` in a process group of its own, its output in the run's log."""

    def __init__(self, store: Store, home: Home, device: str, held: Claim) -> None:
        """Start it. Raises OSError where the run's folder or log cannot be written."""
        self._store, self._home, self.held = store, home, held
        self._told: str | None = None
        self._told_at = self._next_renew = self._next_ask = 0.0
        paths = home.run(held.run_id)
        paths.folder.mkdir(parents=True, exist_ok=True)
        # -P: the home is the process's folder, and must not be searched for modules.
        command = [sys.executable, "-P", "-m", "engine.training.run", "--device", device]
        command += ["--db", home.database, "--home", str(home.root), "--cache", str(home.cache)]
        command += ["--run", str(held.run_id), "--attempt", str(held.attempt)]
        with paths.log.open("ab") as log:
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                cwd=home.root,
            )

    def supervise(self, wait: Callable[[], None], should_stop: Callable[[], bool]) -> None:
        """Hold the lease and pass on requests until the process has ended; `wait` returns after a moment."""
        while self._process.poll() is None:
            now = time.monotonic()
            if now >= self._next_renew:
                self._renew()
                self._next_renew = now + queue.RENEW_EVERY_S
            if now >= self._next_ask:
                self._pass_on_request()
                self._next_ask = now + ASK_EVERY_S
            if should_stop():
                self._tell("stop")
            if self._told and now - self._told_at > GRACE_S:
                processes.signal_group(self._process.pid, signal.SIGKILL)
            wait()
        self._record_end()

    def _renew(self) -> None:
        try:
            queue.renew(self._store, self.held)
        except LeaseLost:
            # Another worker has the run, or the process has just ended it: either way it must not go on.
            self._tell("stop")

    def _pass_on_request(self) -> None:
        with self._store.read() as session:
            request = listing.get_run(session, self.held.run_id).request
        if request is not None:
            self._tell(request)

    def _tell(self, word: str) -> None:
        if self._told is not None:
            return
        self._told, self._told_at = word, time.monotonic()
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(f"{word}\n".encode())
            self._process.stdin.flush()
        except BrokenPipeError:
            return  # it is ending already

    def _record_end(self) -> None:
        """The process records its own ending; only where it could not is it done here."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        code = self._process.returncode
        try:
            if code < 0 and self._told is not None:
                queue.put_back(self._store, self.held)  # it was told to stop: no bad ending
            elif code == STORE_UNUSABLE:
                queue.put_back(self._store, self.held, bad_end=("disk", self._last_words(code)))
            elif code < 0:
                text = f"the training process was ended by {signal.Signals(-code).name}"
                queue.put_back(self._store, self.held, bad_end=("signal", text))
            elif code > 0:
                queue.end(self._store, self.held, "failed", cause="code", error=self._last_words(code))
            else:
                queue.put_back(self._store, self.held, bad_end=("code", "it left without recording its end"))
        except LeaseLost:
            return

    def _last_words(self, code: int) -> str:
        last = "its log is empty"
        with contextlib.suppress(OSError), self._home.run(self.held.run_id).log.open("rb") as log:
            log.seek(max(log.seek(0, os.SEEK_END) - TAIL_BYTES, 0))
            last = next(reversed(log.read().decode(errors="replace").strip().splitlines()), last)
        return f"the training process left with code {code}: {plain(last)}"
