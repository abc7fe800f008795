"""Runs that several processes train: on the CPU, where `--gpus 2` are two processes."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from lab import Lab, training_of
from long import only_in_soak
from safetensors.torch import load_file
from waiting import LIMIT_S, until

from engine.hardware import processes
from engine.metrics.catalogue import TIMED
from engine.spec.conflicts import conflicts
from engine.spec.grid import make_spec
from engine.store import history, queue
from engine.store.edits.pausing import resume
from engine.store.edits.settings import edit_settings
from engine.store.epoch_values import values_of_row
from engine.store.status import Status

PLUGIN = """
import os
import torch
from torch import nn

def make(norm, classes):
    return nn.Sequential(
        nn.Conv2d(3, 8, 3, stride=2), norm(8), nn.ReLU(), nn.Conv2d(8, 8, 3, stride=2), norm(8), nn.ReLU(),
        nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(8, classes),
    )

def plain(num_classes):
    return make(lambda channels: nn.GroupNorm(2, channels), num_classes)

def batch_norm(num_classes):
    return make(nn.BatchNorm2d, num_classes)

class Large(nn.Identity):
    def forward(self, images):
        if self.training and os.environ.get("RANK") == "1":
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB")
        return images

def large(num_classes):
    return nn.Sequential(Large(), plain(num_classes))
"""
PLAIN, BATCH_NORM = "model.py:plain", "model.py:batch_norm"


@pytest.fixture
def lab(tmp_path: Path) -> Iterator[Lab]:
    (tmp_path / "model.py").write_text(PLUGIN)
    made = Lab(tmp_path)
    yield made
    made.close()


def add(lab: Lab, **settings: object) -> int:
    return lab.add(**({"arch": PLAIN, "lr": 0.01, "batch_size": 7, "val_fraction": 0.2} | settings))


def weights(lab: Lab, run_id: int) -> dict[str, torch.Tensor]:
    return load_file(lab.home.run(run_id).best)


def distance(lab: Lab, one: int, other: int, *, ends: tuple[str, ...] = ("",)) -> float:
    """Return the largest difference of two runs' best weights, of those whose names end in one of `ends`."""
    first, second = weights(lab, one), weights(lab, other)
    assert first.keys() == second.keys()
    names = [name for name in first if name.endswith(ends)]
    return max(float((first[name].double() - second[name].double()).abs().max()) for name in names)


def measured(lab: Lab, run_id: int) -> list[dict[str, float]]:
    """Return the numbers of each epoch but those that a clock decides."""
    with lab.store.read() as session:
        rows = [values_of_row(row).values for row in history.epochs_of(session, run_id)]
    return [
        {key: value for key, value in row.items() if value is not None and key not in TIMED} for row in rows
    ]


def answers(lab: Lab, run_id: int) -> np.ndarray:
    found: np.ndarray = np.load(lab.home.run(run_id).answers)
    return found


def assert_alike(lab: Lab, one: int, other: int) -> None:
    assert distance(lab, one, other) < 1e-6
    assert np.array_equal(answers(lab, one), answers(lab, other))
    first, second = measured(lab, one), measured(lab, other)
    assert len(first) == len(second) > 2
    for mine, theirs in zip(first, second, strict=True):
        assert mine.keys() == theirs.keys()
        assert mine == pytest.approx(theirs, rel=1e-4, abs=1e-6)


def test_two_processes_train_as_one_does(lab: Lab) -> None:
    """Batches of 7 and 6 images are divided unevenly. BatchNorm stays in evaluation mode, sees the whole batch, or
    the parts that micro-batches show it."""
    frozen, learning = {"arch": BATCH_NORM, "freeze_epochs": 2, "loss": "ce-sqrt"}, {"arch": BATCH_NORM}
    one, two = (add(lab, **frozen, gpus=gpus) for gpus in (1, 2))
    whole, shared = (add(lab, **learning, **parts) for parts in ({}, {"gpus": 2, "sync_batchnorm": True}))
    parts, divided = (add(lab, **learning, **parts) for parts in ({"micro_batch": 4}, {"gpus": 2}))
    lab.drain()
    assert [lab.run(run_id).error for run_id in (one, two, whole, shared, parts, divided)] == [None] * 6
    assert_alike(lab, one, two)
    assert_alike(lab, whole, shared)
    assert "share each batch of 7; BatchNorm sees all of it" in lab.log(shared)
    assert distance(lab, parts, divided, ends=(".weight", ".bias")) < 1e-6
    assert "gpus 2: 2 processes on the CPU (gloo) share each batch of 7" in lab.log(two)
    assert lab.run(one).environment["processes"] == 1 and lab.run(two).environment["processes"] == 2


def test_a_run_goes_on_under_another_number_of_processes(lab: Lab) -> None:
    """From one to two, and back to one."""
    alone, moved = add(lab, epochs=40), add(lab, epochs=40)
    for gpus, epoch in ((2, 12), (1, 24)):
        worker = lab.start_worker()
        lab.until_epoch(moved, epoch)
        worker.terminate()
        assert worker.wait(timeout=LIMIT_S) == 0
        assert lab.run(moved).status == "queued", "it had no time left to go on in"
        edit_settings(lab.store, lab.home, [moved], {"gpus": gpus})
    lab.drain()
    assert [lab.run(run_id).status for run_id in (alone, moved)] == ["done", "done"]
    assert lab.run(moved).attempt == 3
    assert_alike(lab, alone, moved)
    assert "processes is 2 now" in lab.log(moved) and "processes is 1 now" in lab.log(moved)


def ranks_of(agent: int) -> dict[int, str]:
    """Return the processes that an agent has started, by pid, with their start."""
    found = {pid: Path(f"/proc/{pid}/cmdline").read_bytes() for pid in processes.children(agent)}
    return {pid: processes.started(pid) for pid, line in found.items() if b"engine.training.rank" in line}


def training(lab: Lab, worker: int, run_id: int) -> tuple[int, dict[int, str]]:
    """Return the agent of a run in training and its two processes, once it has taken a step in this attempt."""
    before = lab.run(run_id).step
    until(lambda: lab.run(run_id).step > before, what="a step", seen=lambda: lab.log(run_id))
    agent = training_of(lab, worker, run_id)
    found = ranks_of(agent)
    assert len(found) == 2
    return agent, found


def until_gone(found: dict[int, str]) -> None:
    until(lambda: not any(processes.is_alive(*each) for each in found.items()), what="the end of all")


def until_status(lab: Lab, run_id: int, status: Status) -> None:
    until(lambda: lab.run(run_id).status == status, what=status, seen=lambda: lab.log(run_id))


@only_in_soak
def test_no_process_outlives_its_run(lab: Lab) -> None:
    """One of the processes is killed, the run is paused, the agent is killed, and at last the worker."""
    run_id = add(lab, epochs=100_000, gpus=2)
    worker = lab.start_worker()
    _, found = training(lab, worker.pid, run_id)
    os.kill(max(found), signal.SIGKILL)
    until_gone(found)

    until(lambda: lab.run(run_id).attempt == 2, what="another attempt", seen=lambda: lab.log(run_id))
    assert "process 2 of 2 was ended by SIGKILL" in lab.log(run_id)
    _, found = training(lab, worker.pid, run_id)
    assert "going on from epoch" in lab.log(run_id)
    queue.ask(lab.store, [run_id], "pause")
    until_status(lab, run_id, "paused")
    until_gone(found)

    resume(lab.store, [run_id])
    agent, found = training(lab, worker.pid, run_id)
    os.kill(agent, signal.SIGKILL)
    until_gone(found)

    until(lambda: lab.run(run_id).attempt == 4, what="another attempt", seen=lambda: lab.log(run_id))
    _, found = training(lab, worker.pid, run_id)
    worker.kill()
    until_gone(found)
    assert lab.run(run_id).status == "queued"
    assert lab.log(run_id).rstrip().endswith("stopped; queued again")


def test_what_one_process_alone_meets_is_the_end_of_the_run(lab: Lab) -> None:
    run_id = add(lab, arch="model.py:large", gpus=2)
    lab.drain()
    run = lab.run(run_id)
    assert (run.status, run.cause, run.attempt) == ("failed", "out_of_memory", 1), lab.log(run_id)
    assert run.error == "the card's memory is too small for 4 images at once"
    assert run.suggestion == "try micro_batch 2; BatchNorm then sees fewer images at a time"
    assert lab.log(run_id).rstrip().endswith(f"failed (out_of_memory): {run.error}")


def test_settings_that_several_devices_cannot_have_are_refused() -> None:
    base = {"data": "digits", "image_size": 16, "gpus": 4}
    assert [problem.field for problem in conflicts(make_spec(base | {"batch_size": 8}))] == []
    for settings, field in (
        ({"batch_size": 7}, "gpus"),
        ({"compile": True}, "compile"),
        ({"on_oom": "shrink"}, "on_oom"),
        ({"sync_batchnorm": True, "micro_batch": 4}, "sync_batchnorm"),
    ):
        with pytest.raises(Exception, match=field):
            make_spec(base | settings)


def test_gpus_are_part_of_a_run_where_batch_norm_sees_their_parts() -> None:
    learning, still = (
        [
            make_spec({"data": "digits", "arch": BATCH_NORM, "freeze_epochs": frozen, "gpus": gpus})
            for gpus in (1, 2)
        ]
        for frozen in (0, 10)
    )
    assert learning[0].digest() != learning[1].digest()
    assert learning[0].training_digest() == learning[1].training_digest()
    whole = learning[1].model_copy(update={"sync_batchnorm": True})
    assert whole.digest() == learning[0].digest() and whole.training_digest() == learning[1].training_digest()
    assert still[0].digest() == still[1].digest() and still[0].group_digest() == still[1].group_digest()
