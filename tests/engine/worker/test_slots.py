"""Slots of a processor: how many workers, and a queue trained by all of them."""

import pytest
from lab import Lab
from sqlmodel import select
from stored_runs import get
from waiting import LIMIT_S

from engine.store.tables import Worker
from engine.worker import slots
from engine.worker.arguments import parse
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
    assert parent.returncode == 0 and "2 slots on the CPU" in said
    assert [get(lab.store, run_id).status for run_id in runs] == ["done"] * 3
    with lab.store.read() as session:
        workers = session.exec(select(Worker)).all()
    assert [(each.device, each.state) for each in workers] == [("cpu", "gone")] * 2


def test_a_card_takes_no_slots(lab: Lab) -> None:
    worker = lab.start_worker("--slots", "2", "--device", "cuda:0")
    _, said = worker.communicate(timeout=LIMIT_S)
    assert worker.returncode == 2 and said.count("\n") == 1 and "add --device cpu" in said
