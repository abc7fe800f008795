"""A home with a small data set and real workers in it."""

import os
import subprocess
import sys
from pathlib import Path

import torch
from pictures import class_folders
from safetensors.torch import load_file
from waiting import until

from engine.grid import make_spec
from engine.paths import Home
from engine.store import history, listing
from engine.store.add import add_runs
from engine.store.database import Store, open_store
from engine.store.tables import EpochMetrics, Run


class Lab:
    """A home with a small data set, and the workers that were started in it."""

    def __init__(self, root: Path) -> None:
        self.home = Home.find(root)
        class_folders(root / "data", classes=2, each=12)
        self.store: Store = open_store(self.home.database)
        self.workers: list[subprocess.Popen[str]] = []

    def add(self, **settings: object) -> int:
        small = {
            "data": "data",
            "image_size": 16,
            "batch_size": 8,
            "epochs": 2,
            "threads": 1,
            "precision": "fp32",
        }
        return add_runs(self.store, [make_spec(small | settings)]).ids[0]

    def start_worker(self, *flags: str, **environment: str) -> "subprocess.Popen[str]":
        command = [
            sys.executable,
            "-m",
            "engine.worker",
            "--home",
            str(self.home.root),
            "--device",
            "cpu",
            *flags,
        ]
        worker = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            env=os.environ | environment,
        )
        self.workers.append(worker)
        return worker

    def drain(self) -> None:
        worker = self.start_worker("--drain")
        assert worker.wait(timeout=120) == 0

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


def children_of(pid: int) -> list[int]:
    try:
        return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except OSError:
        return []


def output_of(pid: int) -> str:
    """Where a process's standard output goes."""
    try:
        return os.readlink(f"/proc/{pid}/fd/1")
    except OSError:
        return ""


def training_of(lab: Lab, worker: int, run_id: int) -> int:
    """The process in which a worker trains a run: it writes to the run's log."""
    log = str(lab.home.run(run_id).log)
    return until(
        lambda: next((pid for pid in children_of(worker) if output_of(pid) == log), 0), what="a training"
    )


def spare_of(worker: int) -> int | None:
    """The process that waits for a worker's next run."""
    return next((pid for pid in children_of(worker) if output_of(pid) == "/dev/null"), None)


def bits(lab: Lab, run_id: int) -> dict[str, torch.Tensor]:
    return load_file(lab.home.run(run_id).best)


def numbers(lab: Lab, run_id: int) -> list[dict[str, object]]:
    """A run's metrics without what a clock measured."""
    timed = {"run_id", "attempt", "images_per_s", "data_wait_share", "seconds"}
    with lab.store.read() as session:
        rows = history.epochs_of(session, run_id)
        matrices = history.confusions_of(session, run_id)
        losses = [point.model_dump(exclude={"run_id"}) for point in history.losses_of(session, run_id)]
    epochs = [EpochMetrics.model_dump(row, exclude=timed) | {"matrix": matrices[row.epoch]} for row in rows]
    return [*epochs, {"losses": losses}]


def assert_same_run(lab: Lab, one: int, other: int) -> None:
    first, second = bits(lab, one), bits(lab, other)
    assert first.keys() == second.keys() and all(torch.equal(first[name], second[name]) for name in first)
    assert numbers(lab, one) == numbers(lab, other)
    predictions = [lab.home.run(run).predictions(last=True).read_bytes() for run in (one, other)]
    assert predictions[0] == predictions[1]
