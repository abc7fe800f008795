"""`python -m engine.worker`: claim runs and have each trained in a process of its own.

The worker supervises and never trains: it imports no torch and holds no memory of the card."""

import argparse
import contextlib
import json
import os
import selectors
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engine import telemetry
from engine.paths import GPU_CACHE_GIB, GPU_CACHE_VARIABLE, Home, gibibytes, gpu_cache_bytes
from engine.private import keep_private, secure_home
from engine.store import listing, queue, workers
from engine.store.database import Store, StoreError, open_store
from engine.store.fencing import Claim
from engine.supervisor import TrainingProcess
from engine.text import plain, tell

IDLE_S = 0.25
BEAT_EVERY_S = 1.0
MAX_CARDS = 16
"""More than a host has: how often `auto` looks for a free one."""


class WorkerError(Exception):
    """The worker cannot start; one line that says what to do."""


@dataclass(frozen=True)
class Found:
    """The device to work on."""

    device: str
    name: str
    uuid: str | None = None
    note: str | None = None


class Worker:
    """One device's worker: `serve` is its life."""

    def __init__(self, store: Store, home: Home, found: Found) -> None:
        """Take the device. Raises DeviceTaken."""
        self.store, self.home, self.device = store, home, found.device
        self.id = workers.register(
            store, pid=os.getpid(), device=found.device, device_name=found.name, device_uuid=found.uuid
        )
        self._telemetry = telemetry.reader(found.device, found.uuid)
        self._signals = 0
        self._next_beat = self._next_look = 0.0
        self._doorbell = _make_doorbell()
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
        signal.signal(signal.SIGCHLD, lambda *_: None)  # only to ring: a child has ended
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._on_stop)

    def serve(self, *, drain: bool, max_runs: int | None) -> None:
        """Claim and supervise until stopped, until `max_runs` have ended, or with `drain` until none is left."""
        ended = 0
        try:
            while not self._signals and (max_runs is None or ended < max_runs):
                self._take_back_lost_runs()
                held = queue.claim(self.store, self.id)
                if held is not None:
                    self._train(held)
                    ended += 1
                elif drain and not self._pending():
                    return
                else:
                    self._wait("idle", IDLE_S)
        finally:
            workers.leave(self.store, self.id)

    def _take_back_lost_runs(self) -> None:
        """Put back the runs of workers that have gone: they keep their place before the next claim."""
        queue.expire_leases(self.store, dead_workers=workers.dead_here(self.store))
        self._next_look = time.monotonic() + queue.RENEW_EVERY_S

    def _pending(self) -> bool:
        with self.store.read() as session:
            return bool(listing.pending(session))

    def _train(self, held: Claim) -> None:
        say(f"run {held.run_id} starts (attempt {held.attempt})")
        try:
            process = TrainingProcess(self.store, self.home, self.device, held)
        except OSError as error:
            text = f"{error.filename} cannot be written: {error.strerror}"
            advice = "free some space or make the folder writable, then queue the run again"
            queue.end(self.store, held, "failed", cause="disk", error=text, suggestion=advice)
        else:
            process.supervise(lambda: self._wait("running", IDLE_S), lambda: self._signals > 0)
        with self.store.read() as session:
            run = listing.get_run(session, held.run_id)
        if run.status == "queued":
            say(
                f"run {held.run_id} stopped at epoch {run.epoch}: back in its place, goes on from its checkpoint"
            )
        else:
            say(f"run {held.run_id} {run.status}" + (f": {run.error}" if run.error else ""))

    def _wait(self, state: str, seconds: float) -> None:
        """Give a sign of life when it is time, then sleep until a signal rings or the time is over."""
        if time.monotonic() >= self._next_beat:
            workers.beat(self.store, self.id, state=state, telemetry=self._telemetry.read())
            self._next_beat = time.monotonic() + BEAT_EVERY_S
        if time.monotonic() >= self._next_look:
            self._take_back_lost_runs()
        for key, _ in self._doorbell.select(seconds):
            os.read(key.fd, 512)

    def _on_stop(self, *_: Any) -> None:
        self._signals += 1
        if self._signals > 1:
            # The second asks to leave now: the training process sees its input close, checkpoints and follows.
            sys.exit(130)


def _make_doorbell() -> selectors.BaseSelector:
    """A selector that wakes at every signal of this process."""
    reader, writer = os.pipe()
    for end in (reader, writer):
        os.set_blocking(end, False)
    signal.set_wakeup_fd(writer, warn_on_full_buffer=False)
    doorbell = selectors.DefaultSelector()
    doorbell.register(reader, selectors.EVENT_READ)
    return doorbell


def say(text: str) -> None:
    """Progress, for people: on standard error."""
    # Whoever listened may have gone with its terminal: the work goes on.
    with contextlib.suppress(OSError):
        print(f"{time.strftime('%H:%M:%S')}  {plain(text)}", file=sys.stderr, flush=True)


def find_device(wanted: str, taken: Sequence[str] = ()) -> Found:
    """Resolve `auto`, `cpu` or `cuda:N` to a device; `auto` leaves the `taken` cards alone. Raises WorkerError.

    torch is asked, in a process of its own, only where there may be a card."""
    host = telemetry.nvidia()
    if wanted == "cpu" or (wanted == "auto" and not host.cards and host.problem is None):
        if wanted == "auto" and telemetry.idle_nvidia_hardware():
            say("an NVIDIA card is present but its driver is not loaded: training on the CPU")
        return Found("cpu", telemetry.cpu_name())
    command = [sys.executable, "-P", "-m", "engine.device", "--json", "--device", wanted]
    command += ["--taken", ",".join(taken)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode not in (0, 2) or not done.stdout:
        last = (done.stderr.strip().splitlines() or ["no output"])[-1]
        raise WorkerError(
            f"torch cannot be asked for its devices ({last}): use --device cpu, or reinstall torch"
        )
    found = json.loads(done.stdout)
    if found["problem"]:
        raise WorkerError(found["problem"])
    return Found(**{name: found[name] for name in ("device", "name", "uuid", "note")})


def enlist(store: Store, home: Home, wanted: str) -> "Worker":
    """A worker on the wanted device. Raises WorkerError; where another is quicker, `auto` looks again."""
    for _ in range(MAX_CARDS):
        taken = workers.taken_cards(store)
        found = find_device(wanted, taken)
        try:
            worker = Worker(store, home, found)
        except workers.DeviceTaken as error:
            if wanted != "auto":
                raise WorkerError(str(error)) from None
        else:
            say(
                f"worker {worker.id} on {found.device} ({found.name})"
                + (f": {found.note}" if found.note else "")
            )
            return worker
    raise WorkerError("no card was free: name one with --device")


def parse(arguments: list[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m engine.worker", description="Train the queued runs.")
    parser.add_argument("--db", help="database URL (default: sqlite:///runs.db in the home)")
    parser.add_argument("--home", type=Path, help="folder of the runs (default: this one)")
    parser.add_argument("--cache", type=Path, help="folder of the packed images (default: HOME/cache)")
    parser.add_argument("--device", default="auto", help="auto, cpu or cuda:N (default: auto)")
    parser.add_argument(
        "--gpu-cache",
        type=_gibibytes,
        metavar="GIB",
        help=f"how much of the card packed images may take (default: {GPU_CACHE_GIB:g}, or {GPU_CACHE_VARIABLE})",
    )
    parser.add_argument("--drain", action="store_true", help="leave when no run is left")
    parser.add_argument("--max-runs", type=_positive, help="leave after so many runs")
    return parser.parse_args(arguments)


def _gibibytes(text: str) -> float:
    try:
        return gibibytes(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("must be 1 or more")
    return number


def main(arguments: list[str] | None = None) -> int:
    options = parse(arguments)
    home = Home.find(options.home, options.db, options.cache)
    keep_private()
    try:
        if options.gpu_cache is not None:
            os.environ[GPU_CACHE_VARIABLE] = str(options.gpu_cache)  # its training processes inherit it
        gpu_cache_bytes()
        if not home.root.is_dir():
            raise WorkerError(f"there is no folder {home.root}: make it or give another --home")
        secure_home(home)
        store = open_store(home.database)
        worker = enlist(store, home, options.device)
    except (StoreError, WorkerError, ValueError) as error:
        tell(f"engine.worker: {error}")
        return 2
    try:
        worker.serve(drain=options.drain, max_runs=options.max_runs)
    except StoreError as error:
        tell(f"engine.worker: {error}")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
