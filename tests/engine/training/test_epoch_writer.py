"""Epochs written by a thread while the next one trains, as on a card; here on the CPU."""

import shutil
import threading
import time
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from pathlib import Path

import pytest
import torch
from sessions import Memory, context, numbers
from torch import nn
from trainings import assert_same_bits, session, spec, train

from engine.files.paths import Home
from engine.store.errors import LeaseLost
from engine.training import epoch_writer
from engine.training.epoch_files import EpochFiles
from engine.training.epoch_writer import EpochWriter, copy_to_host
from engine.training.measure import Choice, EpochResult

PATIENCE_S = 60.0


@pytest.fixture
def beside(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(epoch_writer, "BESIDE", ("cpu",))


class Delayed(Memory):
    """Holds the record of epoch 1 up until two steps of epoch 2 have been trained, and keeps its checkpoint."""

    CALLS = 8
    """`should_stop` is asked before epoch 0, before each epoch, and after each of its four steps but the last."""

    def __init__(self, last: Path, kept: Path) -> None:
        super().__init__()
        self.threads: list[str] = []
        self._calls, self._trained = 0, threading.Event()
        self._last, self._kept = last, kept

    def epoch(self, measured: EpochResult, best: Choice | None, *, last: bool) -> None:
        self.threads.append(threading.current_thread().name)
        if measured.epoch == 1:
            assert self._trained.wait(PATIENCE_S), "nothing was trained meanwhile"
        super().epoch(measured, best, last=last)

    def checkpoint(self) -> None:
        if self.measured[-1].epoch == 1:
            shutil.copyfile(self._last, self._kept)

    def should_stop(self) -> bool:
        self._calls += 1
        if self._calls == self.CALLS:
            self._trained.set()
        return False


@pytest.mark.usefixtures("beside")
def test_the_next_epoch_trains_meanwhile_and_changes_nothing_of_it(
    home: Home, trained: Memory, tmp_path: Path
) -> None:
    paths = home.run(200)
    memory = Delayed(paths.last, tmp_path / "after_1.pt")
    assert session(home, 200, spec()).train(memory, memory.should_stop)
    assert memory.threads[:2] == ["writer_0"] * 2 and memory.threads[2] == threading.main_thread().name
    assert numbers(memory) == numbers(trained)
    assert memory.losses.keys() == trained.losses.keys()
    assert_same_bits(home, 1, 200)
    assert {path.name for path in paths.folder.iterdir()} == {
        path.name for path in home.run(1).folder.iterdir()
    }
    found = torch.load(tmp_path / "after_1.pt", weights_only=True)
    steps = iter(range(99))
    assert not session(home, 201, spec()).train(Memory(), lambda: next(steps) >= 5)
    wanted = torch.load(home.run(201).last, weights_only=True)
    assert (found["epoch"], found["step"]) == (wanted["epoch"], wanted["step"]) == (1, 0)
    for name, tensor in wanted["model"].items():
        assert torch.equal(found["model"][name], tensor), name
    momentum = [state["momentum_buffer"] for state in wanted["optimizer"]["state"].values()]
    copied = [state["momentum_buffer"] for state in found["optimizer"]["state"].values()]
    assert len(momentum) == 62 and all(map(torch.equal, momentum, copied))


@pytest.mark.usefixtures("beside")
@pytest.mark.parametrize("stop_at", [1, 3, 6])
def test_stopped_and_resumed_it_has_the_same_bits(home: Home, trained: Memory, stop_at: int) -> None:
    run_id, memory, steps = 210 + stop_at, Memory(), 0

    def stop() -> bool:
        nonlocal steps
        steps += 1
        return steps >= stop_at

    assert not session(home, run_id, spec()).train(memory, stop)
    assert session(home, run_id, spec()).train(memory, lambda: False)
    assert numbers(memory) == numbers(trained)
    assert_same_bits(home, 1, run_id)


class Power(Exception):
    """Loss of power."""


class Cut(Memory):
    """Loses its power when a file would be put in place for the `fences`-th time."""

    def __init__(self, fences: int) -> None:
        super().__init__()
        self.left = fences

    @contextmanager
    def fence(self) -> Iterator[None]:
        self.left -= 1
        if self.left < 0:
            raise Power
        yield


@pytest.mark.usefixtures("beside")
def test_cut_off_before_any_of_its_files_it_resumes_to_the_same_bits(home: Home) -> None:
    whole = train(home, 220, spec(epochs=1))
    for fences in range(99):
        cut, run_id = Cut(fences), 221 + fences
        try:
            assert session(home, run_id, spec(epochs=1)).train(cut, lambda: False)
            break
        except Power:
            again = Memory()
            again.losses, again.measured = cut.losses, cut.measured
            assert session(home, run_id, spec(epochs=1)).train(again, lambda: False)
            assert numbers(again) == numbers(whole)
            assert_same_bits(home, 220, run_id, spec(epochs=1))
    assert fences > 10


@pytest.mark.usefixtures("beside")
@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), LeaseLost("run 1")])
def test_an_error_of_the_writing_ends_the_training_with_it(home: Home, error: Exception) -> None:
    class Failing(Memory):
        def epoch(self, measured: EpochResult, best: Choice | None, *, last: bool) -> None:
            raise error

    asked = 0

    def step() -> bool:
        nonlocal asked
        asked += 1
        return False

    with pytest.raises(type(error)) as found:
        session(home, 300, spec(epochs=50)).train(Failing(), step)
    assert found.value is error and asked <= 7, "seen at a step, or when the next epoch would be written"


@pytest.mark.usefixtures("beside")
def test_an_error_of_the_training_is_told_once_the_epoch_before_is_written(home: Home) -> None:
    memory = Memory()

    def step() -> bool:
        raise ZeroDivisionError

    calls = iter([lambda: False])
    with pytest.raises(ZeroDivisionError):
        session(home, 310, spec()).train(memory, lambda: next(calls, step)())
    assert [each.epoch for each in memory.measured] == [0] and home.run(310).last.exists()
    assert session(home, 310, spec()).done_epochs == 0


def test_a_dear_checkpoint_is_written_when_it_costs_little_of_the_time_since(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = session(home, 320, spec())
    writer = EpochWriter(
        context(spec(), home), EpochFiles(made.context, made.data, made.net, ""), lambda _text: None
    )
    writer._save_cost_s, writer._saved_at = 1.3, 1000.0
    monkeypatch.setattr(time, "monotonic", lambda: 1061.0)
    assert not writer.is_due()
    monkeypatch.setattr(time, "monotonic", lambda: 1066.0)
    assert writer.is_due()
    writer._job = Future()
    assert not writer.is_due(), "one is being written"
    writer._job.set_result(None)
    assert writer.is_due()


def test_a_copy_has_its_own_tensors_in_their_order_and_all_that_a_checkpoint_holds() -> None:
    model = nn.Sequential(nn.Conv2d(4, 4, 3), nn.BatchNorm2d(4)).to(memory_format=torch.channels_last)
    state = model.state_dict()
    content = {"model": state, "list": [state["0.weight"], 3], "pair": (1.5, None), "text": "a"}
    copied = copy_to_host(content)
    assert copied["list"][1:] == [3] and copied["pair"] == (1.5, None) and copied["text"] == "a"
    assert copied["model"]._metadata == state._metadata and type(copied["model"]) is type(state)
    before = state["0.weight"].clone()
    with torch.no_grad():
        model[0].weight.zero_()
    for tensor in (copied["model"]["0.weight"], copied["list"][0]):
        assert torch.equal(tensor, before) and tensor.stride() == before.stride()
