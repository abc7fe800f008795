"""Workers and training processes as they really are: killed, stopped, cancelled, fed with broken data."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from lab import Lab, assert_same_run, training_of
from pictures import class_folders
from waiting import until

from engine import processes
from engine.store import listing, queue, workers

EPOCHS = 6
"""Enough that a kill after the second lands in mid-run."""


def test_killed_at_any_moment_it_resumes_with_the_same_bits(lab: Lab) -> None:
    """Undisturbed; its training process killed; its worker killed: three runs of one spec."""
    calm, child_killed, worker_killed = (lab.add(epochs=EPOCHS) for _ in range(3))
    worker = lab.start_worker()
    lab.until_epoch(child_killed, 2)
    victim = training_of(lab, worker.pid, child_killed)
    os.kill(victim, signal.SIGKILL)
    until(lambda: lab.run(child_killed).attempt == 2, what="the second attempt")
    lab.until_epoch(worker_killed, 2)
    orphan = training_of(lab, worker.pid, worker_killed)
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
