"""One training process from its start to its end: give it its run, pass on requests, record how it ended."""

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

from engine.files.paths import Home
from engine.hardware import kernel_oom, processes
from engine.store import listing, queue
from engine.store.advice import ADVICE
from engine.store.claims import LEASE_S
from engine.store.database import Store
from engine.store.errors import LeaseLost, StoreError
from engine.store.status import Request
from engine.text import log, plain
from engine.worker.endings import Ending, ending_of
from engine.worker.orders import Order
from engine.worker.shutdown import Urgency

ASK_EVERY_S = 0.5
COUNT_EVERY_S = 5.0
TAIL_BYTES = 4096
GRACE_S = 60.0
"""A process that was asked to pause or cancel and does not is killed after this; its last checkpoint counts."""
SOON_S = 7.0
"""The same where the worker was told to leave: it has ten seconds in all."""
SAY_AGAIN_S = 60.0
LOST_S = 2.0
"""The same where another worker has the run."""
REAP_S = 1.0
"""Seconds that a killed process may take to die before it is left alone: the kernel may be waiting for a disk."""
RECORD_TRIES, RECORD_PAUSE_S = 5, 1.0


class Tolerance:
    """Context that logs errors of the run table and goes on: training continues while it cannot be reached. The same
    error is logged once a minute."""

    def __init__(self) -> None:
        self._said, self._said_at_s = "", 0.0
        self.has_failed = False
        """True once the run table could not be reached."""

    def __enter__(self) -> None:
        pass

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> bool:
        if isinstance(error, StoreError):
            self.has_failed, now = True, time.monotonic()
            if self._said != str(error) or now - self._said_at_s > SAY_AGAIN_S:
                log(f"{error}; the training goes on, trying again")
                self._said, self._said_at_s = str(error), now
        return isinstance(error, StoreError)


class CannotStart(Exception):
    """Error of a host that cannot start a process now; one line."""


class TrainingProcess:
    """Process that trains a claimed run, with its output in the run's log."""

    def __init__(
        self,
        store: Store,
        home: Home,
        order: Order,
        start: Callable[..., "subprocess.Popen[bytes]"],
        *,
        lease_s: float = LEASE_S,
    ) -> None:
        """`start` gives a process that waits for its order.

        Raises OSError where the run's folder or log cannot be written, CannotStart where the host starts no process."""
        held = order.held
        self._store, self.held, self._lease_s = store, held, lease_s
        self.bad_end: Ending | None = None
        """End of the process, where it did not end well and somebody else has not been quicker."""
        self.is_recorded = False
        """True once its end is in the run table, whoever has written it there."""
        self.training_counts: dict[str, float] | None = None
        """Newest of the run's row that are known."""
        self._ending: Ending | None = None
        self._told: str | None = None
        self._kill_at = float("inf")
        self._next_renew = self._next_ask = 0.0
        self._tolerance = Tolerance()
        paths = home.run(held.run_id)
        paths.folder.mkdir(parents=True, exist_ok=True)
        self._log: Path = paths.log
        self._kills_before = self._kills = kernel_oom.kills()
        self._next_count = 0.0
        with paths.log.open("ab") as log:
            try:
                self._process = start(log)
            except OSError as error:
                raise CannotStart(f"no process can be started: {error.strerror}") from None
        self._write(order.line())

    @property
    def pid(self) -> int:
        return self._process.pid

    def supervise(self, wait: Callable[[], None], urgency: Callable[[], Urgency]) -> None:
        """Hold the lease and pass on requests until the process has ended; `wait` returns after a moment."""
        while self._process.poll() is None:
            now = time.monotonic()
            with self._tolerance:
                self._renew_and_ask(now)
            if now >= self._next_count:  # kills of others, long before ours, say nothing of it
                self._kills_before, self._kills = self._kills, kernel_oom.kills()
                self._next_count = now + COUNT_EVERY_S
            wanted = urgency()
            if wanted is not Urgency.NONE:
                self._tell("stop", within_s=SOON_S if wanted is Urgency.SOON else float("inf"))
            if wanted is Urgency.NOW:
                self._leave_behind()
                return
            if now >= self._kill_at:
                processes.signal_group(self._process.pid, signal.SIGKILL)
                if now >= self._kill_at + REAP_S:
                    break
            wait()
        self._record_end(urgency())

    def _renew_and_ask(self, now: float) -> None:
        """Ask what a user wants of the run; where the lease is due, the renewal brings the answer along."""
        request: Request | None = None
        try:
            if now >= self._next_renew:
                self._next_renew = now + self._lease_s / 3
                self._next_ask = now + ASK_EVERY_S
                request = queue.renew(self._store, self.held, lease_s=self._lease_s)
            elif now >= self._next_ask:
                self._next_ask = now + ASK_EVERY_S
                request = self._request()
        except LeaseLost:
            # Another worker has the run, or the process has just ended it: either way it must not go on.
            self._tell("stop", within_s=LOST_S)
        if request is not None:
            self._tell(request, within_s=GRACE_S)

    def _request(self) -> Request | None:
        """Raises LeaseLost where the run was removed."""
        with self._store.read() as session:
            run = listing.find_run(session, self.held.run_id)
        if run is None:
            raise LeaseLost(f"run {self.held.run_id} was removed")
        self.training_counts = run.training_counts
        return run.request

    def _tell(self, word: str, *, within_s: float) -> None:
        """Ask the process to stop, once; a later, more hurried asking only shortens the time."""
        self._kill_at = min(self._kill_at, time.monotonic() + within_s)
        if self._told is None:
            self._told = word
            self._write(word)

    def _write(self, line: str) -> None:
        assert self._process.stdin is not None
        with contextlib.suppress(BrokenPipeError):  # it is ending already
            self._process.stdin.write(f"{line}\n".encode())
            self._process.stdin.flush()

    def _leave_behind(self) -> None:
        """Put the run back first: whatever happens to this worker next, the run is not lost."""
        with contextlib.suppress(LeaseLost, StoreError):
            queue.put_back(self._store, self.held)
        processes.signal_group(self._process.pid, signal.SIGKILL)
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(REAP_S)

    def _record_end(self, urgency: Urgency) -> None:
        """Record the ending of a process that could not record it itself.

        A signal that asks the worker to leave may have gone to its whole group, as Slurm's does, and ended a process
        that was just starting."""
        assert self._process.stdin is not None
        with contextlib.suppress(OSError):
            self._process.stdin.close()
        code = self._process.returncode
        self._ending = ending_of(
            -signal.SIGKILL if code is None else code,
            was_told=self._told is not None or urgency is not Urgency.NONE,
            out_of_memory=kernel_oom.grew(self._kills_before, kernel_oom.kills()),
            last_words=self._last_words(),
        )
        for tries_left in reversed(range(RECORD_TRIES)):
            try:
                self.record()
                return
            except StoreError as error:
                if not tries_left:
                    log(f"run {self.held.run_id}: its end cannot be recorded yet: {error}")
                time.sleep(RECORD_PAUSE_S if tries_left else 0)

    def record(self) -> None:
        """Record how the process ended, unless the process or another worker was quicker. Raises StoreError."""
        with contextlib.suppress(LeaseLost):
            try:
                self._put_away(self._ending)
            except StoreError:
                self._tolerance.has_failed = True
                raise
            self.bad_end = self._ending
            self._note(
                self._ending.text if self._ending else "stopped before the next checkpoint; queued again"
            )
        self.is_recorded = True

    def _put_away(self, ending: Ending | None) -> None:
        # An outage that the worker met too is no failure of the run; what only this run's process meets is counted, for
        # it would be tried for ever.
        if ending is None or (ending.cause == "database" and self._tolerance.has_failed):
            queue.put_back(self._store, self.held)
        elif ending.is_final:
            advice = ADVICE[ending.cause]
            queue.end(
                self._store, self.held, "failed", cause=ending.cause, error=ending.text, suggestion=advice
            )
        else:
            queue.put_back(self._store, self.held, bad_end=(ending.cause, ending.text))

    def _note(self, text: str) -> None:
        """Append a line to the run's log that its process could not write."""
        with contextlib.suppress(OSError), self._log.open("a", encoding="utf-8") as log:
            log.write(f"{time.strftime('%Y-%m-%d %H:%M:%S')}  {plain(text)}\n")

    def _last_words(self) -> str:
        last = "its log is empty"
        with contextlib.suppress(OSError), self._log.open("rb") as log:
            log.seek(max(log.seek(0, os.SEEK_END) - TAIL_BYTES, 0))
            last = next(reversed(log.read().decode(errors="replace").strip().splitlines()), last)
        return plain(last)
