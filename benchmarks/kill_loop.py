"""SIGKILL to training processes, workers or both at random moments, and restarts of a database's server: each run ends
done once, with the bits of a run that was left alone."""

import contextlib
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from PIL import Image

from engine.files.paths import Home
from engine.metrics.catalogue import TIMED
from engine.spec.grid import make_spec
from engine.store import history, listing
from engine.store.add import add_runs
from engine.store.database import Store, open_store
from engine.store.epoch_values import values_of_row
from engine.store.errors import StoreError
from engine.store.tables import Run, Worker
from tests.support.postgres import server

T = TypeVar("T")
TITLE = "100 kills of training processes and workers, and restarts of the run table's server"
KILLS, SEED, POLL_S, PATIENCE_S = 100, 20_261, 0.02, 600.0
RESTARTS, MANY_WORKERS = 5, 8
TARGETS = ("training", "worker", "both")
SMALL = {"data": "data", "image_size": 16, "batch_size": 8, "threads": 1, "precision": "fp32"}


@dataclass(frozen=True)
class Kill:
    """Kill that landed, and how far its run was."""

    target: str
    run_id: int
    epoch: int
    step: int


@dataclass
class KillLoop:
    """One home, workers, a calm run and `runs` runs of the same spec that are killed `kills` times in all."""

    root: Path
    kills: int
    runs: int
    epochs: int
    seed: int = SEED
    start: "type[subprocess.Popen[bytes]]" = subprocess.Popen
    """Function that starts a worker."""
    workers: int = 2
    db: str | None = None
    """URL of the run table; None for a file in the home."""
    restart: Callable[[], None] | None = None
    """Function that ends and starts the database's server."""
    restarts: int = 0
    landed: list[Kill] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.home = Home.find(self.root, self.db)
        _draw(self.root / "data")
        self.store: Store = open_store(self.home.database)
        self.calm, *self.victims = self._add(1 + self.runs)
        self._workers: list[subprocess.Popen[bytes]] = []
        self._random = random.Random(self.seed)

    def _add(self, runs: int) -> list[int]:
        specs = [make_spec(SMALL | {"epochs": self.epochs})] * runs
        # Several kills may come before a checkpoint: here that is no reason to give a run up.
        return list(add_runs(self.store, specs, max_attempts=10 * max(self.kills, 1)).ids)

    def run(self) -> None:
        """Train the calm run, kill until all kills have landed, then let the rest finish."""
        try:
            self._start_worker("--max-runs", "1")
            _until(lambda: self.row(self.calm).status == "done", "the calm run")
            for _ in range(self.workers):
                self._start_worker()
            while len(self.landed) < self.kills:
                self._kill_once()
            for _ in range(self.restarts):
                self._restart_once()
            _until(
                lambda: all(self.row(run).status not in ("queued", "running") for run in self.victims),
                "all runs",
            )
        finally:
            self._end()

    def row(self, run_id: int) -> Run:
        with self.store.read() as session:
            return listing.get_run(session, run_id)

    def numbers(self, run_id: int) -> list[object]:
        """Return a run's metrics, matrices and losses."""
        with self.store.read() as session:
            rows = history.epochs_of(session, run_id)
            matrices = history.confusions_of(session, run_id)
            losses = [point._asdict() for point in history.losses_of(session, run_id)]
        values = [values_of_row(row).values for row in rows]
        kept = [{key: value for key, value in each.items() if key not in TIMED} for each in values]
        return [*kept, matrices, losses]

    def attempts(self, run_id: int) -> list[int]:
        """Return the attempt that wrote each epoch."""
        with self.store.read() as session:
            return [row.attempt for row in history.epochs_of(session, run_id)]

    def weights(self, run_id: int) -> bytes:
        """best.safetensors without its metadata, which name the run."""
        content = self.home.run(run_id).best.read_bytes()
        return content[8 + int.from_bytes(content[:8], "little") :]

    def predictions(self, run_id: int) -> bytes:
        """Return the predictions of the last epoch."""
        return self.home.run(run_id).predictions(last=True).read_bytes()

    def problems(self) -> list[str]:
        """Return all that is wrong with how the runs ended; empty where nothing is."""
        found = []
        for run_id in self.victims:
            run, attempts = self.row(run_id), self.attempts(run_id)
            said = self.home.run(run_id).log.read_text().splitlines()
            checks = {
                f"is {run.status} ({run.error})": run.status == "done" and run.epoch == self.epochs,
                "ended more than once": sum(line.endswith("  done") for line in said) == 1,
                f"has epochs written by attempts {attempts}": attempts == sorted(attempts),
                "has other metrics": self.numbers(run_id) == self.numbers(self.calm),
                "has other predictions": self.predictions(run_id) == self.predictions(self.calm),
                "has other weights": self.weights(run_id) == self.weights(self.calm),
            }
            found += [f"run {run_id} {wrong}" for wrong, good in checks.items() if not good]
        return found

    def _kill_once(self) -> None:
        """Wait until a random run has moved on by a random number of steps and a moment more, then kill."""
        target = TARGETS[len(self.landed) % len(TARGETS)]
        running = _until(self._running, "a run in training")
        run = self._random.choice(running)
        run_id, attempt = run.id or 0, run.attempt
        further, moment_s = self._random.randrange(1, 6), self._random.random() / 4
        _until(lambda: self._moved(run_id, attempt, run.step + further), "steps")
        moment = time.monotonic() + moment_s
        _until(lambda: time.monotonic() >= moment, "the moment")
        if self._kill(target, run_id, attempt):
            now = self.row(run_id)
            if now.status != "done" and 0 < now.step < self.epochs * now.steps_per_epoch:
                self.landed.append(Kill(target, run_id, now.epoch, now.step))
        for number, worker in enumerate(self._workers):
            if worker.poll() is not None:
                self._workers[number] = self._spawn()

    def _restart_once(self) -> None:
        """Restart the server once a run has moved on by some steps."""
        assert self.restart is not None
        run = self._random.choice(_until(self._running, "a run in training"))
        further = run.step + self._random.randrange(1, 6)
        _until(lambda: self._moved(run.id or 0, run.attempt, further), "steps")
        self.restart()

    def _running(self) -> list[Run]:
        with self.store.read() as session:
            found = listing.list_runs(session, status=["running"])
            all_ended = not found and not listing.pending(session)
        if all_ended:  # before all kills have landed
            self.victims += self._add(1)
        return found

    def _moved(self, run_id: int, attempt: int, step: int) -> bool:
        """Return whether the attempt has gone so far, or is over."""
        run = self.row(run_id)
        return run.attempt != attempt or run.status != "running" or run.step >= step

    def _kill(self, target: str, run_id: int, attempt: int) -> bool:
        run = self.row(run_id)
        if run.status != "running" or run.attempt != attempt:
            return False
        with self.store.read() as session:
            holder = session.get(Worker, run.worker_id)
        worker = next((each for each in self._workers if holder is not None and each.pid == holder.pid), None)
        if worker is None:
            return False
        training = training_of(worker.pid, self.home.run(run_id).log)
        victims: dict[str, list[int | None]] = {
            "training": [training], "worker": [worker.pid], "both": [training, worker.pid]
        }  # fmt: skip
        pids = [pid for pid in victims[target] if pid is not None]
        if len(pids) < len(victims[target]):
            return False
        for pid in pids:
            os.kill(pid, signal.SIGKILL)
        if target != "training":
            worker.wait()
        return True

    def _start_worker(self, *flags: str) -> None:
        self._workers.append(self._spawn(*flags))

    def _spawn(self, *flags: str) -> "subprocess.Popen[bytes]":
        command = [sys.executable, "-P", "-m", "engine.worker"]
        command += ["--home", str(self.root), "--device", "cpu", *flags]
        with (self.root / "workers.log").open("ab") as log:
            return self.start(
                command,
                stdin=subprocess.DEVNULL,
                stderr=log,
                start_new_session=True,
                env=self.home.environment(),
            )

    def _end(self) -> None:
        for worker in self._workers:
            worker.terminate()
        for worker in self._workers:
            worker.wait()


def training_of(worker: int, log: Path) -> int | None:
    """Return the child of a worker that writes to a run's log."""
    try:
        children = Path(f"/proc/{worker}/task/{worker}/children").read_text().split()
    except OSError:
        return None
    for child in children:
        try:
            if os.readlink(f"/proc/{child}/fd/1") == str(log):
                return int(child)
        except OSError:
            continue
    return None


def _draw(folder: Path) -> None:
    """Two classes of a dozen grey squares each, told apart by their brightness."""
    for label in range(2):
        (folder / f"class{label}").mkdir(parents=True)
        for number in range(12):
            noise = np.random.default_rng(100 * label + number).integers(0, 40, (16, 16, 3)) + 60 * label
            Image.fromarray(noise.astype(np.uint8)).save(folder / f"class{label}" / f"{number}.png")


def _until(condition: Callable[[], T | None], what: str) -> T:
    """Wait for what is true, also where the run table cannot be read for a while."""
    deadline = time.monotonic() + PATIENCE_S
    while True:
        with contextlib.suppress(StoreError):
            found = condition()
            if found is not None and found is not False and found != []:
                return found
        if time.monotonic() > deadline:
            raise AssertionError(f"waited {PATIENCE_S:g} s for {what}")
        time.sleep(POLL_S)


def measure() -> Iterator[str]:
    yield from _measure("SQLite", kills=KILLS)
    with server(is_durable=True) as running:
        yield from _measure("PostgreSQL", kills=KILLS, db=running.new_database())
        restarted = {"restart": running.restart, "restarts": RESTARTS, "workers": MANY_WORKERS}
        yield from _measure("PostgreSQL", kills=0, db=running.new_database(), **restarted)


def _measure(database: str, *, kills: int, **options: Any) -> Iterator[str]:
    with tempfile.TemporaryDirectory() as folder:
        loop = KillLoop(
            Path(folder), kills=kills, runs=4 if kills else 2 * MANY_WORKERS, epochs=60, **options
        )
        began = time.monotonic()
        loop.run()
        counts = Counter(kill.target for kill in loop.landed)
        landed = ", ".join(f"{count} of {name}" for name, count in counts.items())
        yield f"- {database}: " + (
            f"{len(loop.landed)} kills in mid-run ({landed})"
            if kills
            else f"the server restarted {loop.restarts} times under {loop.workers} workers"
        )
        runs = [loop.row(run_id) for run_id in loop.victims]
        yield f"- {len(runs)} runs in {sum(run.attempt for run in runs)} attempts, {time.monotonic() - began:.0f} s"
        problems = loop.problems()
        yield from (f"- WRONG: {problem}" for problem in problems)
        loop.store.close()
        assert not problems, "a run was lost or harmed"
        yield "- each done once; metrics and weights are those of the run that was left alone"
