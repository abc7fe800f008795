"""A home with a small data set and real workers in it."""

import os
import subprocess
import sys
from pathlib import Path

from engine.files.paths import Home
from engine.spec.grid import make_spec
from engine.store import listing
from engine.store.add import add_runs
from engine.store.database import Store, open_store
from engine.store.tables import Run
from tests.support.forking import COMMS, Forked
from tests.support.pictures import class_folders
from tests.support.waiting import LIMIT_S, until


class Lab:
    """A home with a small data set, and the workers that were started in it."""

    def __init__(self, root: Path) -> None:
        self.home = Home.find(root)
        class_folders(root / "data", classes=2, each=12)
        self.store: Store = open_store(self.home.database)
        self.workers: list[subprocess.Popen[str]] = []

    def add(self, *, max_attempts: int = 3, **settings: object) -> int:
        small = {
            "data": "data",
            "image_size": 16,
            "batch_size": 8,
            "epochs": 2,
            "threads": 1,
            "precision": "fp32",
        }
        return add_runs(self.store, [make_spec(small | settings)], max_attempts=max_attempts).ids[0]

    def start_worker(self, *flags: str, within: tuple[str, ...] = ()) -> "subprocess.Popen[str]":
        """`within`: what comes before the worker's command."""
        command = [
            *within,
            sys.executable,
            "-m",
            "engine.worker",
            "--home",
            str(self.home.root),
            "--device",
            "cpu",
            *flags,
        ]
        start = subprocess.Popen if within else Forked
        worker = start(command, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        self.workers.append(worker)
        return worker

    def drain(self) -> None:
        worker = self.start_worker("--drain")
        assert worker.wait(timeout=LIMIT_S) == 0

    def train_queue(self) -> None:
        """Train all that waits without a worker; in another process, as a training sets threads, number formats and the
        allocator for good."""
        command = [sys.executable, "-m", "tests.support.queue_training", str(self.home.root)]
        assert Forked(command).wait(timeout=LIMIT_S) == 0

    def run(self, run_id: int) -> Run:
        with self.store.read() as session:
            return listing.get_run(session, run_id)

    def until_epoch(self, run_id: int, epoch: int) -> None:
        until(lambda: self.run(run_id).epoch >= epoch, what=f"epoch {epoch} of run {run_id}")

    def log(self, run_id: int) -> str:
        return self.home.run(run_id).log.read_text()

    def close(self) -> None:
        for worker in self.workers:
            if worker.poll() is None:
                worker.kill()
            worker.communicate()
        self.store.close()


def trainings_of(pid: int) -> list[int]:
    """The training processes of a worker. One that is not yet its own program is none: whoever stopped it would stop
    the worker, which waits for that."""
    try:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        return [
            int(each)
            for each in children
            if Path(f"/proc/{each}/comm").read_text().strip() == COMMS["engine.training.process"]
        ]
    except OSError:
        return []


def output_of(pid: int) -> str:
    """Return the file of a process's standard output."""
    try:
        return os.readlink(f"/proc/{pid}/fd/1")
    except OSError:
        return ""


def training_of(lab: Lab, worker: int, run_id: int) -> int:
    """The process in which a worker trains a run: it writes to the run's log."""
    log = str(lab.home.run(run_id).log)
    return until(
        lambda: next((pid for pid in trainings_of(worker) if output_of(pid) == log), 0), what="a training"
    )


def spare_of(worker: int) -> int | None:
    """The process that waits for a worker's next run."""
    return next((pid for pid in trainings_of(worker) if output_of(pid) == "/dev/null"), None)
