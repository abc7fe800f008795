"""Slots of a processor: how many workers, and a queue trained by all of them."""

from pathlib import Path

import pytest
from lab import Lab
from sqlmodel import select
from stored_runs import get
from waiting import LIMIT_S

from engine.store.tables import Worker
from engine.worker import __main__ as main_module
from engine.worker import slots
from engine.worker.arguments import parse
from engine.worker.find_device import Found
from engine.worker.slots import slot_count


@pytest.mark.parametrize(
    ("wanted", "cores", "free_gb", "count"),
    [("3", 1, 0.1, 3), ("auto", 8, 64.0, 8), ("auto", 8, 7.0, 3), ("auto", 8, 0.5, 1), ("auto", 1, 64.0, 1)],
)
def test_one_worker_a_core_as_far_as_the_memory_goes(
    wanted: str, cores: int, free_gb: float, count: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(slots, "usable_cores", lambda: cores)
    monkeypatch.setattr(slots, "free_gb", lambda: free_gb)
    assert slot_count(wanted) == count


@pytest.mark.parametrize("text", ["0", "-1", "two", "", "1.5", "9999", "²"])
def test_what_is_no_number_of_slots_is_said_in_one_line(
    text: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        parse(["--slots", text])
    error = capsys.readouterr().err
    assert error.count("\n") == 1 and f"{text!r} must be auto or a number, 1 to 256" in error


def test_slots_train_the_queue_together(lab: Lab) -> None:
    runs = [lab.add(epochs=1, seed=seed) for seed in range(3)]
    parent = lab.start_worker("--drain", "--slots", "2")
    _, said = parent.communicate(timeout=LIMIT_S)
    assert parent.returncode == 0 and "2 slots on the CPU" in said, said
    assert [get(lab.store, run_id).status for run_id in runs] == ["done"] * 3
    with lab.store.read() as session:
        workers = session.exec(select(Worker)).all()
    assert [(each.device, each.state) for each in workers] == [("cpu", "gone")] * 2


@pytest.mark.parametrize(
    ("wanted", "cores", "free_gb", "count"),
    [
        ("9", 1, 0.1, 9),
        ("auto", 64, 200.0, 4),
        ("auto", 3, 200.0, 3),
        ("auto", 64, 9.0, 2),
        ("auto", 64, 1.0, 1),
    ],
)
def test_a_card_has_few_slots_where_nobody_names_a_number(
    wanted: str, cores: int, free_gb: float, count: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(slots, "usable_cores", lambda: cores)
    monkeypatch.setattr(slots, "free_gb", lambda: free_gb)
    assert slot_count(wanted, "cuda:0") == count


@pytest.mark.parametrize(
    ("device", "says"), [("cuda:0,cuda:1", "give one card"), ("tpu", "'tpu' is not a device")]
)
def test_what_cannot_be_shared_is_said_in_one_line(lab: Lab, device: str, says: str) -> None:
    worker = lab.start_worker("--slots", "2", "--device", device)
    _, said = worker.communicate(timeout=LIMIT_S)
    assert worker.returncode == 2 and said.count("\n") == 1 and says in said


def test_each_card_gets_the_workers_of_its_slots(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    started: list[tuple[str, ...]] = []

    def lead(devices: list[str], given: list[str], *, slots: int) -> int:
        started.append((*devices, str(slots)))
        return 0

    monkeypatch.setattr(main_module.all_devices, "lead", lead)
    monkeypatch.setattr(main_module, "every_device", lambda: ["cuda:0", "cuda:1"])
    monkeypatch.setattr(main_module, "find_device", lambda wanted, _taken: Found("cuda:1", "card"))
    home = ["--home", str(tmp_path), "--slots", "2"]
    assert main_module.main([*home, "--device", "all"]) == 0
    assert main_module.main(home) == 0
    assert started == [("cuda:0", "cuda:0", "cuda:1", "cuda:1", "2"), ("cuda:1", "cuda:1", "2")]
    assert "2 slots on cuda:0, cuda:1, a worker for each" in capsys.readouterr().err
