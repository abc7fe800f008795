"""A card that is too small: what would fit is measured, and on request the micro-batch halves."""

import contextlib
from pathlib import Path
from typing import Any

import pytest
import torch
from sessions import CPU, Memory
from small import Small, small_home, small_session, small_spec

from engine.files.paths import Home
from engine.models import networks
from engine.store.add import add_runs
from engine.store.claims import Claim
from engine.store.database import open_store
from engine.training import attempt
from engine.training.attempt import Attempt
from engine.training.control_channel import ControlChannel
from engine.training.environment import environment_now
from engine.training.failures import explain
from engine.training.out_of_memory import OutOfMemory, halved


class Tight(Small):
    """Holds at most so many images while training."""

    limit = 3

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        if self.training and len(images) > self.limit:
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB")
        return super().forward(images)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    made = small_home(tmp_path, monkeypatch)
    monkeypatch.setattr(networks, "build_model", lambda _arch, outputs, **_more: Tight(outputs))
    return made


@pytest.mark.parametrize(
    ("limit", "fits", "says"),
    [
        (3, 3, "small for 13 images at once: 3 would fit (measured)|try micro_batch 3"),
        (2, None, "not even the smallest would fit|smaller image_size or arch"),
    ],
)
def test_the_batch_that_would_fit_is_measured(
    home: Home, monkeypatch: pytest.MonkeyPatch, limit: int, fits: int | None, says: str
) -> None:
    monkeypatch.setattr(Tight, "limit", limit)
    spec = small_spec(batch_size=13)
    made, memory = small_session(home, 1, spec), Memory()
    with pytest.raises(OutOfMemory) as caught:
        made.train(memory, lambda: False)
    assert caught.value.fits == fits
    cause, error, suggestion = explain(caught.value, spec)
    text, advice = says.split("|")
    assert cause == "out_of_memory" and text in error and advice in suggestion
    assert [each.epoch for each in memory.measured] == [0] and home.run(1).last.exists()


def shrink(
    home: Home, environment: dict[str, Any], monkeypatch: pytest.MonkeyPatch, **values: object
) -> tuple[Memory, list[dict[str, Any]]]:
    """A run through its process's own door, with a recorder that keeps everything, and what was recorded of its
    environment at each start."""
    recorded: list[dict[str, Any]] = []
    memory, spec = Memory(), small_spec(on_oom="shrink", **values)
    monkeypatch.setattr(Attempt, "_show", lambda _self, text: attempt.log(text))
    monkeypatch.setattr(attempt, "StoreRecorder", lambda *all_: recorded.append(dict(all_[3])) or memory)
    with contextlib.closing(open_store(home.database)) as store:
        add_runs(store, [spec])
        assert Attempt(store, home, Claim(1, 1), CPU, ControlChannel())._train(environment)
    return memory, recorded


def test_a_run_that_may_shrink_goes_on_with_half_and_says_so(
    home: Home, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    environment = {"precision": "fp32", "channels_last_stages": 5, "micro_batch": 8}
    memory, recorded = shrink(home, environment, monkeypatch, batch_size=8)
    assert recorded == [
        {"precision": "fp32", "channels_last_stages": 5, "micro_batch": images} for images in (8, 4, 2)
    ]
    assert [each.epoch for each in memory.measured] == [0, 1, 2, 3]
    lines = [line for line in capsys.readouterr().out.splitlines() if "on_oom shrink" in line]
    assert len(lines) == 2 and "micro_batch 4. BatchNorm now sees 4 images at a time" in lines[0]


def test_what_cannot_shrink_further_fails(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Tight, "limit", 2)
    with pytest.raises(OutOfMemory):
        shrink(home, {"precision": "fp32", "channels_last_stages": 5, "micro_batch": 5}, monkeypatch)


def test_a_shrunken_micro_batch_is_that_of_later_attempts(tmp_path: Path) -> None:
    spec, home = small_spec(micro_batch=4), Home.find(tmp_path)
    assert environment_now(spec, CPU, home, {})["micro_batch"] == 4
    assert environment_now(spec, CPU, home, {"micro_batch": 2})["micro_batch"] == 2
    assert environment_now(small_spec(), CPU, home, {})["micro_batch"] == 5


def test_batchnorm_bounds_how_small_a_batch_gets() -> None:
    assert [halved(count, 2) for count in (9, 4, 3, 2)] == [4, 2, None, None]
    assert [halved(count, 1) for count in (3, 2, 1)] == [1, 1, None]


def test_memory_of_the_computer_itself() -> None:
    error = RuntimeError("[enforce fail at alloc_cpu.cpp:114] DefaultCPUAllocator: can't allocate memory")
    assert explain(error, small_spec())[0] == "out_of_memory"
    assert explain(RuntimeError("anything"), small_spec())[0] == "code"
