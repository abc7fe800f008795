"""Workers and training processes as they really are: killed, stopped, cancelled, fed with broken data."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from lab import Lab
from pictures import class_folders
from waiting import LIMIT_S, until

from engine.store import listing, queue, workers
from engine.store.advice import ADVICE


def test_requests_and_signals_reach_the_training(lab: Lab) -> None:
    cancelled, stopped = lab.add(epochs=500), lab.add(epochs=500)
    worker = lab.start_worker()
    lab.until_epoch(cancelled, 1)
    queue.ask(lab.store, [cancelled], "cancel")
    until(lambda: lab.run(cancelled).status == "cancelled", what="the cancelled run")
    assert lab.home.run(cancelled).best.exists() and lab.run(cancelled).best is not None
    lab.until_epoch(stopped, 1)
    worker.terminate()
    assert worker.wait(timeout=LIMIT_S) == 0
    run = lab.run(stopped)
    assert (run.status, run.failures, run.lease_expires_s) == ("queued", 0, None)
    assert "queued again" in lab.log(stopped)


def test_a_run_whose_folder_vanishes_fails_and_the_next_one_is_trained(lab: Lab) -> None:
    vanishing, following = lab.add(epochs=500), lab.add(epochs=1)
    worker = lab.start_worker("--drain")
    lab.until_epoch(vanishing, 1)
    lab.home.run(vanishing).folder.rename(lab.home.root / "elsewhere")  # at once: it is being written to
    assert worker.wait(timeout=LIMIT_S) == 0
    assert lab.run(vanishing).status == "failed" and "\n" not in (lab.run(vanishing).error or "")
    assert lab.run(following).status == "done"


MEMORY_GROUPS = (("memory", "memory.limit_in_bytes"), ("", "memory.max"))
LIMIT_BYTES = 200 << 20
"""A worker fits, torch does not."""


@pytest.fixture
def memory_group() -> Iterator[Path]:
    """A control group, of version 1 or 2, with little memory."""
    group = next(filter(None, (_limited(controller, limit) for controller, limit in MEMORY_GROUPS)), None)
    if group is None:
        pytest.skip("this process may not make a control group with a memory limit (be root, on Linux)")
    yield group
    until(lambda: not (group / "cgroup.procs").read_text(), what="an empty control group")
    group.rmdir()


def _limited(controller: str, limit: str) -> Path | None:
    group = Path("/sys/fs/cgroup", controller, f"resnet-tui-test-{os.getpid()}")
    try:
        group.mkdir()
    except OSError:
        return None
    try:
        (group / limit).write_text(str(LIMIT_BYTES))
    except OSError:
        group.rmdir()
        return None
    return group


def test_a_training_that_the_kernel_kills_for_memory_is_called_so(lab: Lab, memory_group: Path) -> None:
    run_id = lab.add(max_attempts=1)
    join = ("/bin/sh", "-c", f'echo $$ > {memory_group}/cgroup.procs; exec "$@"', "join")
    worker = lab.start_worker("--drain", within=join)
    assert worker.wait(timeout=LIMIT_S) == 0
    run = lab.run(run_id)
    assert (run.status, run.cause, run.failures) == ("failed", "out_of_memory", 1), run.error
    assert run.suggestion == ADVICE["out_of_memory"]
    assert (
        lab.log(run_id)
        .splitlines()[-1]
        .endswith("the kernel killed the training process: the host's memory was full")
    )


def test_a_dead_workers_run_goes_before_the_rest_of_the_queue(lab: Lab) -> None:
    first, _second = lab.add(epochs=1), lab.add(epochs=1)
    gone = workers.register(lab.store, pid=2**22 + 1, device="cpu", device_name="gone")
    assert queue.claim(lab.store, gone) is not None
    worker = lab.start_worker("--max-runs", "1")
    assert worker.wait(timeout=LIMIT_S) == 0
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
    done = subprocess.run(command, capture_output=True, text=True, timeout=LIMIT_S, check=False)
    assert done.returncode == 2 and says in done.stderr
    assert done.stderr.count("\n") == 1 and "Traceback" not in done.stderr
