"""A session without a database: what it measures, what it writes, and that its bits repeat."""

import csv
import math
import os
import time
from pathlib import Path

import numpy as np
import pytest
import torch
from indexes import index_folder
from pictures import class_folders, lab_csvs, write_column
from safetensors.torch import load_file
from sessions import CPU, Memory, numbers
from torch.utils.data import DataLoader, TensorDataset
from torchvision.models import resnet18

from engine.datasets import index as index_room
from engine.datasets.batches import MEAN, STD
from engine.datasets.layouts import DataError
from engine.datasets.pixels.locks import Stopped
from engine.datasets.provenance import load_trained_on
from engine.files.paths import Home
from engine.metrics.catalogue import values_of
from engine.models.weight_files import WeightsError, read_weights_metadata
from engine.spec.grid import make_spec
from engine.spec.run_spec import RunSpec
from engine.store.errors import LeaseLost
from engine.training.checkpoint import load_checkpoint
from engine.training.context import RunContext
from engine.training.loop import evaluate
from engine.training.loss_curve import Diverged, LossBuckets
from engine.training.measure import Choice, EpochResult
from engine.training.memory_layout import CHANNELS_LAST_FROM_PX
from engine.training.precision import MachineError, resolve_precision, run_precision
from engine.training.session import Session
from engine.training.torch_setup import resolve_threads


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    root = tmp_path_factory.mktemp("home")
    class_folders(root / "data", classes=3, each=12)
    return Home.find(root, cache=root / "cache")


def spec(**values: object) -> RunSpec:
    small = {"data": "data", "image_size": 16, "batch_size": 8, "epochs": 2, "lr": 0.02, "threads": 1}
    return make_spec(small | values)


def session(home: Home, run_id: int, wanted: RunSpec) -> Session:
    torch.set_num_threads(1)
    return Session(RunContext(wanted, home, run_id, device=CPU, precision="fp32", log=lambda _text: None))


def train(home: Home, run_id: int, wanted: RunSpec) -> Memory:
    memory = Memory()
    assert session(home, run_id, wanted).train(memory, lambda: False)
    return memory


@pytest.fixture(scope="module")
def trained(home: Home) -> Memory:
    return train(home, 1, spec())


def weights(home: Home, run_id: int, wanted: RunSpec) -> dict[str, torch.Tensor]:
    state = load_checkpoint(home.run(run_id), wanted.training_digest())
    assert state is not None
    tensors: dict[str, torch.Tensor] = state["model"]
    return tensors


def assert_same_bits(home: Home, one: int, other: int, wanted: RunSpec | None = None) -> None:
    first, second = (weights(home, run, wanted or spec()) for run in (one, other))
    assert first.keys() == second.keys()
    assert all(torch.equal(first[name], second[name]) for name in first)
    best_one, best_other = (load_file(home.run(run).best) for run in (one, other))
    assert all(torch.equal(best_one[name], best_other[name]) for name in best_one)


def test_it_learns_and_records_each_epoch(trained: Memory) -> None:
    assert [each.epoch for each in trained.measured] == [0, 1, 2]
    assert trained.began == [(-1, 0)]
    before, first, last = trained.measured
    assert before.number("train_loss") is None and before.number("images_per_s") is None
    assert (last.number("train_loss") or 9) < (first.number("train_loss") or 0)
    assert (last.number("train_acc") or 0) > (first.number("train_acc") or 1)
    assert last.evaluation.confusion.sum(axis=1).tolist() == [2, 2, 2]
    assert sum(value or 0 for value in last.per_class("answers")) == 6
    assert trained.best is not None and trained.best.epoch >= 1
    assert trained.best.accuracy == max(each.number("test_acc") or 0 for each in trained.measured[1:])
    assert last.number("lr") == pytest.approx(
        0.02 * (1 + math.cos(math.pi * 7 / 8)) / 2
    )  # of the last of 8 steps by cosine
    assert len(trained.losses) == 8 and all(bucket.count == 1 for bucket in trained.losses.values())
    mean = sum(
        bucket.total * count for bucket, count in zip(trained.losses.values(), [8, 8, 8, 6] * 2, strict=True)
    )
    assert mean / 60 == pytest.approx(
        sum(each.number("train_loss") or 0 for each in trained.measured[1:]) / 2, rel=1e-6
    )


def test_its_files_say_what_they_hold(home: Home, trained: Memory) -> None:
    paths = home.run(1)
    assert sorted(path.name for path in paths.folder.iterdir()) == [
        "answer_scores.npy", "answers.npy", "best.safetensors", "last.pt", "predictions-last.csv", "predictions.csv",
        "scores-last.npy", "scores.npy", "trained_on.npz",
    ]  # fmt: skip
    answers, scores = np.load(paths.answers), np.load(paths.scores(last=True))
    sure = np.load(paths.answer_scores)
    assert sure.shape == (3, 6) and np.allclose(sure[2], scores.max(1), atol=1e-3)
    assert answers.shape == (3, 6) and answers.dtype == np.uint16
    assert np.array_equal(answers[2], scores.argmax(1)) and np.allclose(scores.sum(1), 1, atol=1e-5)
    rows = list(csv.DictReader(paths.predictions(last=True).open()))
    assert [row["answer"] for row in rows] == [f"class{answer}" for answer in answers[2]]
    assert all(row["image"].startswith(row["label"] + "/") for row in rows)
    about = read_weights_metadata(paths.best)
    assert trained.best is not None and about["epoch"] == trained.best.epoch
    assert about["class_names"] == ["class0", "class1", "class2"]
    assert (about["run"], about["arch"], about["bottleneck_stride"]) == (1, "resnet18", "3x3")
    assert (about["image_size"], about["fit"], about["precision"]) == (16, "crop", "fp32")
    assert about["mean"] == list(MEAN) and about["std"] == list(STD)
    assert about["accuracy"] == trained.best.accuracy and about["select_on"] == "test_acc"
    what = load_trained_on(paths.trained_on)
    assert what is not None and len(what.images) == 30 and set(what.image_runs.tolist()) == {1}
    assert about["provenance"] == what.digest()
    assert about["data_fingerprint"] == index_folder(home.root / "data", test_fraction=0.2).fingerprint
    assert (about["preprocess"], about["augment"], about["packed_px"]) == ("none", "flip", 16)
    resnet18(num_classes=3).load_state_dict(load_file(paths.best), strict=True)


def test_two_runs_of_one_spec_have_the_same_bits(home: Home, trained: Memory) -> None:
    assert numbers(train(home, 2, spec())) == numbers(trained)
    assert_same_bits(home, 1, 2)
    other = train(home, 3, spec(seed=1))
    assert numbers(other) != numbers(trained)


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


def test_images_large_enough_for_channels_last_resume_with_the_same_bits(home: Home) -> None:
    large, steps = spec(image_size=CHANNELS_LAST_FROM_PX, epochs=1), iter(range(9))
    undisturbed = train(home, 20, large)
    memory = Memory()
    assert not session(home, 21, large).train(memory, lambda: next(steps) >= 3)
    resumed = session(home, 21, large)
    assert resumed.step == 2 and resumed.net.model.conv1.weight.is_contiguous(
        memory_format=torch.channels_last
    )
    assert resumed.train(memory, lambda: False)
    assert numbers(memory) == numbers(undisturbed)
    assert_same_bits(home, 20, 21, large)


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


def test_a_dear_checkpoint_is_written_when_it_costs_little_of_the_time_since(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = session(home, 27, spec())
    made._save_cost_s, made._saved_at = 1.3, 1000.0
    monkeypatch.setattr(time, "monotonic", lambda: 1061.0)
    assert not made._checkpoint_is_due()
    monkeypatch.setattr(time, "monotonic", lambda: 1066.0)
    assert made._checkpoint_is_due()


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


def test_the_same_steps_as_a_plain_torch_loop(home: Home, trained: Memory) -> None:
    """Against a loop written from torch's own parts over the same batches."""
    made = session(home, 40, spec())
    model = resnet18(num_classes=3)
    model.load_state_dict(made.net.model.state_dict())
    optimizer = torch.optim.SGD(model.parameters(), lr=0.02, momentum=0.9, weight_decay=5e-4)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=8)
    model.train()
    for epoch in (1, 2):
        for batch in made.data.batches.train(made.data.train_rows, epoch=epoch):
            optimizer.zero_grad()
            torch.nn.functional.cross_entropy(model(batch.images), batch.labels).backward()
            optimizer.step()
            schedule.step()
    model.eval()
    tests = next(iter(DataLoader(TensorDataset(*_test_images(made)), batch_size=100)))
    with torch.inference_mode():
        scores = model(tests[0]).softmax(1).numpy()
    assert np.allclose(scores, trained.measured[-1].evaluation.scores, atol=1e-4)


def _test_images(made: Session) -> tuple[torch.Tensor, torch.Tensor]:
    batch = next(iter(made.data.batches.evaluate(made.data.test_rows)))
    return batch.images, batch.labels


def test_extended_runs_keep_their_bucket_width() -> None:
    buckets = LossBuckets(total_steps=5_000)
    buckets.add(0, [1.0] * 5_000)
    longer = LossBuckets(total_steps=50_000)
    longer.load(buckets.state())
    assert longer.width == 3
    (bucket, *_) = longer.add(5_000, [2.0])
    assert (bucket.number, bucket.count, bucket.maximum) == (1_666, 3, 2.0)


def test_evaluation_only(home: Home) -> None:
    memory = train(home, 50, spec(epochs=0))
    assert [each.epoch for each in memory.measured] == [0]
    assert memory.best is not None and memory.best.epoch == 0
    assert memory.measured[0].evaluation.confusion.sum(axis=1).tolist() == [
        12,
        12,
        12,
    ]  # without a split of its own, all of it is test


def test_evaluation_of_another_runs_weights(home: Home, trained: Memory) -> None:
    """On the same test images it measures what that run measured; on all images it is refused."""
    memory = train(home, 51, spec(epochs=0, pretrained="run:1", test_fraction=0.2))
    assert trained.best is not None
    again = trained.measured[trained.best.epoch].evaluation
    assert np.array_equal(memory.measured[0].evaluation.scores, again.scores)
    what = load_trained_on(home.run(51).trained_on)
    assert what is not None and set(what.image_runs.tolist()) == {1}
    with pytest.raises(DataError, match=r"trained on 30 of the 36 val and test images \(run 1\)"):
        session(home, 52, spec(epochs=0, pretrained="run:1"))
    lab_csvs(home.root / "other")
    with pytest.raises(WeightsError, match="class0, class1, class2; ours 0, 1, 2"):
        session(home, 53, spec(data="other", epochs=0, pretrained="run:1"))


def test_a_warm_start_takes_the_other_runs_best_head_and_all(home: Home, trained: Memory) -> None:
    made = session(home, 60, spec(pretrained="run:1"))
    state, best = made.net.model.state_dict(), load_file(home.run(1).best)
    assert all(torch.equal(state[name], best[name]) for name in best)


def test_a_loss_that_is_no_number_stops_the_run_at_its_step(home: Home) -> None:
    memory = Memory()
    with pytest.raises(Diverged, match="not finite at step") as caught:
        session(home, 70, spec(lr=1e30, schedule="constant")).train(memory, lambda: False)
    assert 2 <= caught.value.step <= 8
    state = load_checkpoint(home.run(70), spec(lr=1e30, schedule="constant").training_digest())
    assert state is not None and all(tensor.isfinite().all() for tensor in state["model"].values())


def test_graded_data_get_kappa_and_others_do_not(home: Home, trained: Memory, tmp_path: Path) -> None:
    assert trained.measured[-1].number("kappa") is None
    lab_csvs(tmp_path / "lab")
    other = Home.find(tmp_path)
    memory = train(other, 1, spec(data="lab", epochs=1, select_on="test_kappa"))
    first = memory.measured[0]
    assert first.number("kappa") is not None and first.number("auc_referable") is not None
    with pytest.raises(DataError, match="test_kappa needs ordered classes"):
        session(home, 80, spec(select_on="test_kappa"))


def test_a_val_split_chooses_the_epoch_and_train_images_are_measured_afterwards(tmp_path: Path) -> None:
    for split, each in (("train", 8), ("val", 2), ("test", 3)):
        class_folders(tmp_path / "data" / split, each=each)
    other, said = Home.find(tmp_path), list[str]()
    wanted = spec(select_on="val_acc", eval_train=True)
    made = Session(RunContext(wanted, other, 1, device=CPU, precision="fp32", log=said.append))
    memory = Memory()
    assert made.train(memory, lambda: False)
    by_val = {each.epoch: each.number("val_acc") or 0.0 for each in memory.measured[1:]}
    assert len(by_val) == 2 and memory.measured[0].number("val_acc") is not None
    assert memory.best is not None
    assert memory.best.epoch == max(by_val, key=lambda epoch: (by_val[epoch], -epoch))
    assert memory.best.accuracy == memory.measured[memory.best.epoch].number("test_acc")
    assert [each.number("eval_train_acc") is not None for each in memory.measured] == [False, False, True]
    expected = evaluate(
        made.net.model,
        made.data.batches.evaluate(made.data.train_rows),
        head="fc",
        classes=3,
        autocast=made.net.autocast,
    )
    found = memory.measured[-1].values
    assert found["eval_train_acc"] is not None
    assert {key: found[key] for key in values_of(expected, "eval_train")} == values_of(expected, "eval_train")
    assert "val: acc" in said[-1] and "train images afterwards: acc" in said[-1]
    assert train(other, 2, spec(epochs=1)).measured[-1].number("eval_train_acc") is None
    with pytest.raises(DataError, match="val_kappa needs ordered classes: choose select_on val_acc"):
        session(other, 3, spec(select_on="val_kappa"))


def test_data_without_a_val_split_cannot_choose_by_it(home: Home) -> None:
    with pytest.raises(DataError, match="select_on: val_acc needs a val split: give val_fraction 0.1"):
        session(home, 81, spec(select_on="val_acc"))


def test_images_with_and_without_a_group_member_in_train_are_counted_apart(tmp_path: Path) -> None:
    lab_csvs(tmp_path / "lab", train=(0, 1, 0, 2), test=(0, 0, 1, 2))
    for split, names in (("train", ["1_left", "2_left", "3_left", "4_left"]),
                         ("test", ["1_right", "5_left", "5_right", "2_right"])):  # fmt: skip
        for number, name in enumerate(names):
            (tmp_path / "lab" / "images" / f"{split}{number}_left.jpeg").rename(
                tmp_path / "lab" / "images" / f"{name}.jpeg"
            )
        write_column(tmp_path / "lab" / f"{split}_img.csv", names)
    memory = train(Home.find(tmp_path), 1, spec(data="lab", epochs=0))
    found = memory.measured[0]
    assert (found.number("images_seen_group"), found.number("images_unseen_group")) == (2, 2)


def test_a_process_that_lost_its_lease_leaves_the_newer_ones_files_alone(home: Home) -> None:
    """It stalls in its second epoch while another attempt writes; awake again, it may write nothing."""
    memory, folder, steps = Memory(), home.run(90).folder, 0
    files = (
        "last.pt", "last-before.pt", "best.safetensors", "answers.npy", "answer_scores.npy", "predictions.csv",
        "scores.npy", "trained_on.npz",
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
        patch.setattr(index_room, "split_seed", lambda _lines: "another draw")
        session(other, 1, spec())
    class_folders(tmp_path / "data", classes=3, each=14)
    with pytest.raises(DataError, match="other images, labels or splits than when this run began"):
        session(other, 1, spec())


def test_loss_buckets_keep_spikes_and_their_number_is_bounded() -> None:
    buckets = LossBuckets(total_steps=5_000)
    assert buckets.width == 3
    losses = [1.0] * 5_000
    losses[1_234] = 99.0
    kept = {bucket.number: bucket for bucket in buckets.add(0, losses)}
    assert len(kept) == 1667 and kept[1_234 // 3].maximum == 99.0
    assert kept[0].mean == 1.0 and kept[0].count == 3
    with pytest.raises(Diverged, match="step 8"):
        buckets.add(6, [1.0, float("nan")])


def test_precision_resolves_by_what_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    assert resolve_precision("bf16", CPU) == "bf16"
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: {"avx512_bf16": True})
    assert resolve_precision("auto", CPU) == "bf16"
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: {"avx512_bf16": False})
    assert resolve_precision("auto", CPU) == "fp32"
    monkeypatch.setattr(torch.cuda, "get_device_capability", lambda _device: (7, 5))
    assert resolve_precision("auto", torch.device("cuda:0")) == "fp16"
    monkeypatch.setattr(torch.cuda, "get_device_capability", lambda _device: (6, 1))
    assert resolve_precision("auto", torch.device("cuda:0")) == "fp32"
    with pytest.raises(MachineError, match="fp16 needs an NVIDIA card"):
        resolve_precision("fp16", CPU)


def test_no_bf16_on_a_cpu_where_its_gradients_are_wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: {"avx512_bf16": True})
    assert run_precision(spec(image_size=16, precision="auto"), CPU) == "fp32"
    assert run_precision(spec(image_size=17, precision="auto"), CPU) == "bf16"
    assert run_precision(spec(image_size=16, precision="auto", stem="cifar"), CPU) == "bf16"
    with pytest.raises(MachineError, match="choose precision auto or fp32, or an image_size of 17 or more"):
        run_precision(spec(image_size=16, precision="bf16"), CPU)
    assert run_precision(spec(image_size=17, precision="bf16"), CPU) == "bf16"


@pytest.mark.parametrize(("told", "found"), [("1", 1), ("12", 12), ("", 8), ("0", 8), ("4,2", 8)])
def test_threads_are_as_asked_else_as_the_environment_says_else_the_cores(
    monkeypatch: pytest.MonkeyPatch, told: str, found: int
) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _pid: set(range(64)))
    monkeypatch.setenv("OMP_NUM_THREADS", told)
    assert (resolve_threads(3), resolve_threads(0)) == (3, found)


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
