"""Stopping, resuming with the same bits, and the files that lie between."""

import math
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from pictures import class_folders
from sessions import CPU, Memory, context, numbers
from torch import nn
from trainings import assert_same_bits, session, spec, train

from engine.datasets import drawing
from engine.datasets.layouts import DataError
from engine.datasets.pixels.locks import Stopped
from engine.files.paths import Home
from engine.models.weight_files import read_weights_metadata
from engine.store.errors import LeaseLost
from engine.training import loss_curve
from engine.training.checkpoint import all_finite
from engine.training.context import RunContext
from engine.training.measure import Choice, EpochResult
from engine.training.memory_layout import CHANNELS_LAST, PLAIN, Layout
from engine.training.session import Session


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.bfloat16, torch.complex64])
@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
def test_one_number_that_is_not_finite_is_found(dtype: torch.dtype, bad: float) -> None:
    model = nn.BatchNorm1d(5)  # with a whole number, too
    values = torch.full((2, 5), torch.finfo(dtype).max, dtype=dtype)
    model.register_buffer("values", values.t())
    model.register_buffer("empty", torch.empty(0))
    assert all_finite(model)
    values[1, 3] = bad
    assert not all_finite(model)


@pytest.mark.parametrize("stop_at", [1, 3, 4, 6])
def test_stopped_at_any_step_and_resumed_it_has_the_same_bits(
    home: Home, trained: Memory, stop_at: int
) -> None:
    run_id, memory, steps = 10 + stop_at, Memory(), 0

    def stop() -> bool:
        nonlocal steps
        steps += 1
        return steps >= stop_at

    assert not session(home, run_id, spec()).train(memory, stop)
    assert session(home, run_id, spec()).train(memory, lambda: False)
    assert len(memory.began) == 2
    assert numbers(memory) == numbers(trained)
    assert {n: vars(b) for n, b in memory.losses.items()} == {n: vars(b) for n, b in trained.losses.items()}
    assert_same_bits(home, 1, run_id)


@pytest.mark.parametrize("layout", [PLAIN, Layout(2), Layout(3), CHANNELS_LAST])
def test_weights_of_any_layout_resume_with_the_same_bits(home: Home, layout: Layout) -> None:
    begun = replace(context(spec(epochs=1), home), recorded_layout=layout)
    contexts = [replace(begun, run_id=20 + 10 * layout.stages + number) for number in range(2)]
    undisturbed, memory, steps = Memory(), Memory(), iter(range(9))
    assert Session(contexts[0]).train(undisturbed, lambda: False)
    assert not Session(contexts[1]).train(memory, lambda: next(steps) >= 3)
    resumed = Session(contexts[1])
    last = [
        resumed.net.model.get_parameter(name).is_contiguous(memory_format=torch.channels_last)
        for name in ("conv1.weight", *(f"layer{number}.0.conv1.weight" for number in range(1, 5)))
    ]
    assert resumed.step == 2 and last == [stage < layout.stages for stage in range(5)]
    assert resumed.train(memory, lambda: False)
    assert numbers(memory) == numbers(undisturbed)
    assert_same_bits(home, contexts[0].run_id, contexts[1].run_id, begun.spec)


def test_a_run_that_dies_before_its_end_is_recorded_keeps_its_last_loss_bucket(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loss_curve, "MAX_BUCKETS", 3)
    memory = Memory()
    first = session(home, 24, spec())
    assert first.train(memory, lambda: False)
    steps = first.data.steps_per_epoch * first.spec.epochs
    assert steps % first.buckets.width, "the last bucket has room for more steps"
    before = dict(memory.losses)
    assert session(home, 24, spec()).train(memory, lambda: False)
    assert max(before) == steps // first.buckets.width and memory.losses == before


def test_the_best_files_wait_for_the_checkpoint_that_knows_their_epoch(home: Home) -> None:
    """Killed between the files of a new best epoch and its checkpoint: that epoch may come out otherwise."""

    class Killed(Memory):
        def epoch(self, measured: EpochResult, best: Choice | None, *, last: bool) -> None:
            if measured.epoch == 1:
                raise KeyboardInterrupt

    better, folder = spec(epochs=1), home.run(25).folder
    with pytest.raises(KeyboardInterrupt):
        session(home, 25, better).train(Killed(), lambda: False)
    assert (folder / "pending" / "best.safetensors").exists() and not (folder / "best.safetensors").exists()
    resumed = session(home, 25, better)
    assert not resumed.train(Memory(), lambda: True)
    assert not (folder / "pending").exists() and not (folder / "best.safetensors").exists()
    assert resumed.train(Memory(), lambda: False)
    assert not (folder / "pending").exists()
    assert {"best.safetensors", "predictions.csv", "scores.npy"} <= {each.name for each in folder.iterdir()}


def test_the_best_files_of_a_checkpointed_epoch_take_their_places_on_resuming(home: Home) -> None:
    class Killed(Memory):
        def checkpoint(self) -> None:
            if self.measured[-1].epoch == 1:
                raise KeyboardInterrupt

    one, folder = spec(epochs=1), home.run(26).folder
    with pytest.raises(KeyboardInterrupt):
        session(home, 26, one).train(Killed(), lambda: False)
    assert not (folder / "best.safetensors").exists()
    assert session(home, 26, one).train(Memory(), lambda: False)
    assert read_weights_metadata(folder / "best.safetensors")["epoch"] == 1
    assert (folder / "scores.npy").exists() and not (folder / "pending").exists()


def test_a_torn_checkpoint_falls_back_to_the_one_before(home: Home, trained: Memory) -> None:
    memory, epochs = Memory(), 0

    def stop() -> bool:
        nonlocal epochs
        epochs += 1
        return epochs > 6

    assert not session(home, 30, spec()).train(memory, stop)
    paths = home.run(30)
    assert paths.last_before.exists()
    paths.last.write_bytes(paths.last.read_bytes()[:1000])
    assert session(home, 30, spec()).train(memory, lambda: False)
    assert memory.began[1] == (1, 4)
    assert numbers(memory) == numbers(trained)
    assert_same_bits(home, 1, 30)


def test_a_process_that_lost_its_lease_leaves_the_newer_ones_files_alone(home: Home) -> None:
    """It stalls in its second epoch while another attempt writes; awake again, it may write nothing."""
    memory, folder, steps = Memory(), home.run(90).folder, 0
    files = (
        "last.pt", "last-before.pt", "best.safetensors", "answers.npy", "answer_scores.npy", "metrics.csv",
        "predictions.csv", "scores.npy", "trained_on.npz",
    )  # fmt: skip

    def stall() -> bool:
        nonlocal steps
        steps += 1
        if steps == 6:
            memory.lost = True
            for name in files:
                (folder / name).write_text("the newer attempt's")
        return False

    stalled = session(home, 90, spec())
    for stop in (stall, lambda: True):
        with pytest.raises(LeaseLost):
            stalled.train(memory, stop)
        assert {path.name for path in folder.iterdir()} == set(files)
        assert {path.read_text() for path in folder.iterdir()} == {"the newer attempt's"}
    assert [each.epoch for each in memory.measured] == [0, 1]


def test_data_that_changed_or_are_split_anew_under_a_run_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class_folders(tmp_path / "data", classes=3, each=12)
    other, calls = Home.find(tmp_path), 0

    def after_epoch_0() -> bool:
        nonlocal calls
        calls += 1
        return calls > 1

    assert not session(other, 1, spec()).train(Memory(), after_epoch_0)
    with monkeypatch.context() as patch, pytest.raises(DataError, match="other images, labels or splits"):
        patch.setattr(drawing, "split_seed", lambda _lines: "another draw")
        session(other, 1, spec())
    class_folders(tmp_path / "data", classes=3, each=14)
    with pytest.raises(DataError, match="other images, labels or splits than when this run began"):
        session(other, 1, spec())


def test_augmented_and_preprocessed_it_resumes_to_the_same_bits(home: Home) -> None:
    wanted = spec(augment="flip4+rotate+crop", preprocess="graham", epochs=1)
    whole, memory, steps = train(home, 100, wanted), Memory(), 0

    def stop() -> bool:
        nonlocal steps
        steps += 1
        return steps >= 7

    made = session(home, 101, wanted)
    assert made.data.steps_per_epoch == 15 and not made.train(memory, stop)
    assert session(home, 101, wanted).train(memory, lambda: False)
    assert numbers(memory) == numbers(whole)
    about = read_weights_metadata(home.run(100).best)
    assert (about["preprocess"], about["packed_px"], about["image_size"]) == ("graham", 20, 16)


def test_a_stop_while_packing_is_obeyed(home: Home) -> None:
    with pytest.raises(Stopped):
        Session(RunContext(
            spec(image_size=24), home, 110, device=CPU, precision="fp32", log=lambda _text: None,
            should_stop=lambda: True,
        ))  # fmt: skip
