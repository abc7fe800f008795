"""Slots of a processor: how many workers, when one waits, and a queue trained by all of them."""

import os
from typing import Any

import pytest
from lab import Lab
from stored_runs import add, claimed, get
from studies import train
from waiting import LIMIT_S

from engine.hardware.telemetry import CpuTelemetry
from engine.queries import throughput
from engine.store import queue, workers
from engine.store.database import Store
from engine.worker import slots
from engine.worker.arguments import parse
from engine.worker.slots import SlotRule, slot_count


@pytest.mark.parametrize(
    ("wanted", "cores", "free_gb", "count"),
    [("3", 1, 0.1, 3), ("auto", 8, 64.0, 8), ("auto", 8, 7.0, 3), ("auto", 8, 0.5, 1), ("auto", 1, 64.0, 1)],
)
def test_one_worker_a_core_as_far_as_the_memory_goes(
    wanted: str, cores: int, free_gb: float, count: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    memory = {"memory_total_gb": 100.0, "memory_gb": 100.0 - free_gb}
    monkeypatch.setattr(slots, "usable_cores", lambda: cores)
    monkeypatch.setattr(CpuTelemetry, "read", lambda _self: memory)
    assert slot_count(wanted) == count


@pytest.mark.parametrize("text", ["0", "-1", "two", "", "1.5", "9999", "²"])
def test_what_is_no_number_of_slots_is_said_in_one_line(
    text: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        parse(["--slots", text])
    error = capsys.readouterr().err
    assert error.count("\n") == 1 and f"{text!r} must be auto or a number, 1 to 256" in error


def reason(store: Store, worker_id: int) -> str | None:
    return SlotRule(store, worker_id, "test processor").reason()


def test_a_worker_waits_where_fewer_at_once_made_more(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(slots, "usable_cores", lambda: 2)
    here: list[int] = [
        workers.register(store, pid=os.getpid(), device="cpu", device_name="test processor") for _ in range(2)
    ]
    add(store, 4)
    for at_once, images_per_s in ((1, 100.0), (2, 30.0)):
        held = claimed(store, here[0])
        train(store, held, 2, skill=0.5)
        queue.end(store, held, "done")
        _measured(store, held.run_id, at_once, images_per_s)
    assert reason(store, here[1]) is None, "nothing trains: it may"
    claimed(store, here[0])
    assert (
        reason(store, here[1]) == "waits: 1 of resnet18 at 32 px at a time made more images/s together than 2"
    )
    _measured(store, 2, 2, 80.0)
    assert reason(store, here[1]) is None
    claimed(store, here[1])
    assert reason(store, here[1]) is None, "nothing waits"


def _measured(store: Store, run_id: int, at_once: int, images_per_s: float) -> None:
    environment = {"device": "cpu", "device_name": "test processor", "runs_at_once": at_once}
    with store.write() as session:
        session.execute(
            throughput.run_table.update()
            .where(throughput.run_table.c.id == run_id)
            .values(environment=environment)
        )
        session.execute(
            throughput.epoch_table.update()
            .where(throughput.epoch_table.c.run_id == run_id)
            .values(images_per_s=images_per_s)
        )


def test_slots_train_the_queue_together(lab: Lab) -> None:
    runs = [lab.add(epochs=1, seed=seed) for seed in range(3)]
    parent = lab.start_worker("--drain", "--slots", "2")
    _, said = parent.communicate(timeout=LIMIT_S)
    assert parent.returncode == 0 and "2 slots on the CPU" in said
    assert [get(lab.store, run_id).status for run_id in runs] == ["done"] * 3
    told: list[Any] = [get(lab.store, run_id).environment["runs_at_once"] for run_id in runs]
    assert set(told) <= {1, 2}


def test_a_card_takes_no_slots(lab: Lab) -> None:
    worker = lab.start_worker("--slots", "2", "--device", "cuda:0")
    _, said = worker.communicate(timeout=LIMIT_S)
    assert worker.returncode == 2 and said.count("\n") == 1 and "--slots is of the CPU" in said
