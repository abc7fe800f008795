"""Workers and training processes as they really are: killed, stopped, cancelled, fed with broken data."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from pictures import class_folders
from safetensors.torch import load_file
from waiting import until

from engine import processes
from engine.grid import make_spec
from engine.paths import Home
from engine.store import history, listing, queue, workers
from engine.store.add import add_runs
from engine.store.database import Store, open_store
from engine.store.tables import EpochMetrics, Run

EPOCHS = 6
"""Enough that a kill after the second lands in mid-run."""


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

    def start_worker(self, *flags: str) -> "subprocess.Popen[str]":
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
        worker = subprocess.Popen(command, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
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


@pytest.fixture
def lab(tmp_path: Path) -> Iterator[Lab]:
    made = Lab(tmp_path)
    yield made
    made.close()


def child_of(pid: int) -> int:
    """The training process of a worker."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    assert len(children) == 1
    return int(children[0])


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


def test_killed_at_any_moment_it_resumes_with_the_same_bits(lab: Lab) -> None:
    """Undisturbed; its training process killed; its worker killed: three runs of one spec."""
    calm, child_killed, worker_killed = (lab.add(epochs=EPOCHS) for _ in range(3))
    worker = lab.start_worker()
    lab.until_epoch(child_killed, 2)
    victim = child_of(worker.pid)
    os.kill(victim, signal.SIGKILL)
    until(lambda: lab.run(child_killed).attempt == 2, what="the second attempt")
    lab.until_epoch(worker_killed, 2)
    orphan = child_of(worker.pid)
    began = processes.started(orphan)
    worker.kill()
    worker.wait()
    until(lambda: not processes.is_alive(orphan, began), what="the orphan to leave")
    assert lab.run(worker_killed).epoch < EPOCHS
    lab.drain()
    for run_id, attempts in ((calm, 1), (child_killed, 2), (worker_killed, 2)):
        run = lab.run(run_id)
        assert (run.status, run.epoch, run.attempt, run.failures) == ("done", EPOCHS, attempts, 0), run_id
    assert "going on from epoch" in lab.log(child_killed)
    assert_same_run(lab, calm, child_killed)
    assert_same_run(lab, calm, worker_killed)


def test_requests_and_signals_reach_the_training(lab: Lab) -> None:
    cancelled, stopped = lab.add(epochs=500), lab.add(epochs=500)
    worker = lab.start_worker()
    lab.until_epoch(cancelled, 1)
    queue.ask(lab.store, [cancelled], "cancel")
    until(lambda: lab.run(cancelled).status == "cancelled", what="the cancelled run")
    assert lab.home.run(cancelled).best.exists() and lab.run(cancelled).best is not None
    lab.until_epoch(stopped, 1)
    worker.terminate()
    assert worker.wait(timeout=30) == 0
    run = lab.run(stopped)
    assert (run.status, run.failures, run.lease_expires_s) == ("queued", 0, None)
    assert "back in its place" in lab.log(stopped)


def test_a_run_whose_folder_vanishes_fails_and_the_next_one_is_trained(lab: Lab) -> None:
    vanishing, following = lab.add(epochs=500), lab.add(epochs=1)
    worker = lab.start_worker("--drain")
    lab.until_epoch(vanishing, 1)
    lab.home.run(vanishing).folder.rename(lab.home.root / "elsewhere")  # at once: it is being written to
    assert worker.wait(timeout=120) == 0
    assert lab.run(vanishing).status == "failed" and "\n" not in (lab.run(vanishing).error or "")
    assert lab.run(following).status == "done"


def test_a_dead_workers_run_goes_before_the_rest_of_the_queue(lab: Lab) -> None:
    first, _second = lab.add(epochs=1), lab.add(epochs=1)
    gone = workers.register(lab.store, pid=2**22 + 1, device="cpu", device_name="gone")
    assert queue.claim(lab.store, gone) is not None
    worker = lab.start_worker("--max-runs", "1")
    assert worker.wait(timeout=120) == 0
    assert lab.run(first).status == "done" and lab.run(first).attempt == 2
    with lab.store.read() as session:
        assert [run.status for run in listing.list_runs(session)] == ["done", "queued"]


def test_every_bad_ending_is_one_line_and_the_worker_goes_on(lab: Lab) -> None:
    class_folders(lab.home.root / "torn", classes=2, each=12)
    torn = lab.home.root / "torn" / "class1" / "003.png"
    torn.write_bytes(torn.read_bytes()[:50])
    broken = lab.add(data="torn")
    missing = lab.add(pretrained="weights.pth")
    absurd = lab.add(lr=1e30, schedule="constant")
    follower = lab.add(pretrained=f"run:{broken}")
    warm = lab.add()
    warmed = lab.add(pretrained=f"run:{warm}", epochs=0, test_fraction=0.2)
    lab.drain()
    found = {run_id: lab.run(run_id) for run_id in (broken, missing, absurd, follower, warm, warmed)}
    assert [found[run_id].status for run_id in found] == ["failed"] * 3 + ["queued", "done", "done"]
    assert [found[run_id].cause for run_id in (broken, missing, absurd)] == ["data", "data", "diverged"]
    assert "torn/class1/003.png cannot be read" in (found[broken].error or "")
    assert "weights.pth" in (found[missing].error or "")
    assert found[absurd].suggestion == "try a smaller lr: 0.1"
    assert (found[absurd].verdict, found[absurd].verdict_change) == ("diverged", {"lr": 0.1})
    assert all("\n" not in (run.error or "") for run in found.values())
    assert all("Traceback" not in lab.log(run_id) for run_id in (broken, missing, absurd))
    assert found[warmed].best == found[warm].best and found[warmed].best_epoch == 0
    assert found[warm].environment["precision"] == "fp32" and found[warm].verdict is not None


@pytest.mark.parametrize(
    ("flags", "says"),
    [
        (["--home", "/nowhere/at/all"], "there is no folder /nowhere/at/all"),
        (["--device", "tpu"], "'tpu' is not a device: choose auto, cpu or cuda:0"),
        (["--db", "sqlite:////sys/x.db"], "cannot be opened"),
    ],
)
def test_a_worker_that_cannot_start_says_why(tmp_path: Path, flags: list[str], says: str) -> None:
    command = [sys.executable, "-m", "engine.worker", "--home", str(tmp_path), "--drain", *flags]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 2 and says in done.stderr
    assert done.stderr.count("\n") == 1 and "Traceback" not in done.stderr
