"""A session without a database: what it measures, what it writes, and that its bits repeat."""

import csv
import math
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
from trainings import assert_same_bits, session, spec, train

from engine.datasets.layouts import DataError
from engine.datasets.provenance import load_trained_on
from engine.files.paths import Home
from engine.metrics.catalogue import values_of
from engine.models.weight_files import WeightsError, read_weights_metadata
from engine.recipes.normalizations import NORMALIZATIONS
from engine.training import session as training_session
from engine.training.checkpoint import load_checkpoint
from engine.training.context import RunContext
from engine.training.loop import evaluate
from engine.training.loss_curve import Diverged
from engine.training.session import Session


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
        "answer_scores.npy", "answers.npy", "best.safetensors", "last.pt", "metrics.csv", "predictions-last.csv",
        "predictions.csv", "scores-last.npy", "scores.npy", "trained_on.npz",
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
    assert about["mean"] == list(NORMALIZATIONS["imagenet"].mean) and about["normalize"] == "imagenet"
    assert about["accuracy"] == trained.best.accuracy and about["select_on"] == "test_acc"
    what = load_trained_on(paths.trained_on)
    assert what is not None and len(what.images) == 30 and set(what.image_runs.tolist()) == {1}
    assert about["provenance"] == what.digest()
    assert about["data_fingerprint"] == index_folder(home.root / "data", test_fraction=0.2).fingerprint
    assert (about["preprocess"], about["augment"], about["packed_px"]) == ("none", "flip", 16)


def test_two_runs_of_one_spec_have_the_same_bits(home: Home, trained: Memory) -> None:
    assert numbers(train(home, 2, spec())) == numbers(trained)
    assert_same_bits(home, 1, 2)
    other = train(home, 3, spec(seed=1))
    assert numbers(other) != numbers(trained)


@pytest.mark.usefixtures("published_resnet18")
def test_the_same_steps_as_a_plain_torch_loop_of_torchvisions_network(home: Home) -> None:
    """Against a loop written from torch's own parts over the same batches."""
    trained, made = train(home, 40, spec()), session(home, 41, spec())
    model = resnet18(num_classes=3)
    model.load_state_dict(load_file(home.run(40).best), strict=True)
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
    assert "  val acc " in said[-1] and "  train images afterwards acc " in said[-1]
    assert train(other, 2, spec(epochs=1)).measured[-1].number("eval_train_acc") is not None
    assert train(other, 4, spec(epochs=0)).measured[-1].number("eval_train_acc") is None
    asked = train(other, 5, spec(epochs=0, eval_train=True)).measured[-1]
    assert asked.number("eval_train_acc") is not None
    with pytest.raises(DataError, match="val_kappa needs ordered classes: choose select_on val_acc"):
        session(other, 3, spec(select_on="val_kappa"))


def test_a_part_of_many_train_images_is_evaluated_unless_all_are_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for split, each in (("train", 8), ("test", 3)):
        class_folders(tmp_path / "data" / split, each=each)
    monkeypatch.setattr(training_session, "EVALUATED_TRAIN_IMAGES", 6)
    home = Home.find(tmp_path)
    part, whole = session(home, 1, spec()), session(home, 2, spec(eval_train=True))
    rows = part._train_rows_to_evaluate()
    assert len(rows) == len(set(rows)) == 6 and rows[0] == part.data.train_rows[0]
    labels = [part.data.index.labels[row] for row in rows]
    assert sorted(labels) == [0, 0, 1, 1, 2, 2], "spread evenly over a folder's classes"
    assert list(whole._train_rows_to_evaluate()) == list(whole.data.train_rows)


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
