"""Workers and their training processes: cancelled, drained, killed, without a folder, not started at all."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from lab import Lab
from waiting import LIMIT_S, until

from engine.store import queue
from engine.store.advice import ADVICE
from engine.store.attempt_times import read_time_line


def test_requests_and_signals_reach_the_training(lab: Lab) -> None:
    """A run is cancelled, the next is trained to its end after SIGUSR2, and a third one not begun."""
    cancelled, last, left = lab.add(epochs=500), lab.add(epochs=3), lab.add(epochs=3)
    worker = lab.start_worker()
    lab.until_epoch(cancelled, 1)
    queue.ask(lab.store, [cancelled], "cancel")
    until(lambda: lab.run(cancelled).status == "cancelled", what="the cancelled run")
    assert lab.home.run(cancelled).best.exists() and lab.run(cancelled).best is not None
    _assert_time_line(lab, cancelled)
    lab.until_epoch(last, 1)
    worker.send_signal(signal.SIGUSR2)
    assert worker.wait(timeout=LIMIT_S) == 0
    assert (lab.run(last).status, lab.run(left).status) == ("done", "queued")
    _assert_time_line(lab, last)


def _assert_time_line(lab: Lab, run_id: int) -> None:
    """A run's phases lie between its claim and its recorded end, and every phase of a training is there."""
    with lab.store.read() as session:
        line = read_time_line(session, run_id)
    run = lab.run(run_id)
    assert line is not None and run.started_at is not None and run.ended_at is not None
    assert 0 < line.wall_s < (run.ended_at - run.started_at).total_seconds() + 0.1
    usual = {"building", "epoch_0", "training", "evaluation", "checkpoints", "table"}
    assert usual <= {each.phase.value for each in line.phases}


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
