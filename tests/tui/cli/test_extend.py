"""`extend` and `clone`: the bits, what becomes of the row, of those that wait for it, and what is refused."""

import json
import os
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file
from sessions import Memory
from shell import Shell
from small import WEIGHTS, outcome, small_home, small_session, small_spec

from engine.analysis.finding import Finding
from engine.metrics.catalogue import split_metrics
from engine.spec.grid import load_spec, make_spec
from engine.store import listing, queue
from engine.store.add import add_runs
from engine.store.claims import Claim
from engine.store.database import Store, open_store
from engine.store.errors import QueueError
from engine.store.extension import extend_run
from engine.store.schema import run_table
from engine.store.workers import register
from engine.training.checkpoint import CheckpointError, load_checkpoint
from engine.training.measure import EpochResult
from tui.cli import run

TRAIN_IMAGES = [each.key for each in split_metrics() if each.split == "eval_train"]
CONSTANT = {"data": "digits", "schedule": "constant", "epochs": 10}


@pytest.fixture
def worker(store: Store) -> int:
    return register(store, pid=os.getpid(), device="cpu", device_name="")


def finish(store: Store, worker: int, epoch: int = 10) -> None:
    held = queue.claim(store, worker)
    assert held is not None
    with store.write() as session:
        session.execute(run_table.update().where(run_table.c.id == held.run_id).values(epoch=epoch))
    queue.end(store, held, "done")


def row(store: Store, run_id: int) -> dict[str, object]:
    with store.read() as session:
        return listing.get_run(session, run_id).model_dump()


def without_train_images(measured: EpochResult) -> EpochResult:
    """Of an epoch that was the last before the extension."""
    return replace(measured, values={**measured.values, **dict.fromkeys(TRAIN_IMAGES)})


@pytest.mark.parametrize(
    "values",
    [
        {},
        {"optimizer": "adamw", "lr": 1e-3, "augment": "flip+rotate", "micro_batch": 3, "clip_norm": 1.0},
        {
            "warmup_epochs": 1.5,
            "pretrained": WEIGHTS,
            "freeze_epochs": 1,
            "head": "dropout",
            "sampler": "balanced",
        },
        {"loss": "mse-ordinal", "nesterov": True, "select_on": "test_kappa", "patience": 9},
    ],
)
def test_an_extended_run_has_the_bits_of_a_longer_one(tmp_path: Path, values: dict[str, object]) -> None:
    """Also where it was stopped within the extension, and extended again."""
    with pytest.MonkeyPatch.context() as patch:
        home = small_home(tmp_path, patch)
        constant = {"schedule": "constant", **values}
        whole = Memory()
        assert small_session(home, 1, small_spec(epochs=5, **constant)).train(whole, lambda: False)
        memory, steps = Memory(), 0

        def in_the_extension() -> bool:
            nonlocal steps
            steps += 1
            return steps > 7

        assert small_session(home, 2, small_spec(epochs=2, **constant)).train(memory, lambda: False)
        assert not small_session(home, 2, small_spec(epochs=4, **constant)).train(memory, in_the_extension)
        for epochs in (4, 5):
            assert small_session(home, 2, small_spec(epochs=epochs, **constant)).train(memory, lambda: False)
        longer = small_spec(epochs=5, **constant)
        memory.measured = [*map(without_train_images, memory.measured[:-1]), memory.measured[-1]]
        assert outcome(home, 2, longer, memory) == outcome(home, 1, longer, whole)
        assert memory.losses == whole.losses and memory.best == whole.best
        for name in (
            "answers.npy",
            "answer_scores.npy",
            "predictions.csv",
            "predictions-last.csv",
            "scores.npy",
            "scores-last.npy",
        ):
            assert (home.run(1).folder / name).read_bytes() == (home.run(2).folder / name).read_bytes()
        best, other = (load_file(home.run(run_id).best) for run_id in (1, 2))
        assert all(torch.equal(best[name], other[name]) for name in best)
        with pytest.raises(CheckpointError, match="other settings"):
            load_checkpoint(home.run(2), small_spec(epochs=9).training_digest())


def test_a_done_run_goes_on_in_its_place_and_keeps_its_row(store: Store, worker: int) -> None:
    add_runs(store, [make_spec(CONSTANT), make_spec({"data": "digits"})], name="first")
    before = row(store, 1)
    finish(store, worker)
    extend_run(store, 1, 20)
    after = row(store, 1)
    spec = load_spec(str(after["spec"]))
    assert (after["status"], after["epochs"], after["epoch"], after["ended_at"]) == ("queued", 20, 10, None)
    assert spec == make_spec({**CONSTANT, "epochs": 20}) and after["spec_hash"] == spec.digest()
    assert spec.training_digest() == make_spec(CONSTANT).training_digest()
    assert after["name"] == "first" and after["position"] == before["position"]
    assert queue.claim(store, worker) == Claim(1, 2)


def test_runs_that_wait_for_it_wait_again(store: Store, worker: int) -> None:
    add_runs(store, [make_spec(CONSTANT)])
    add_runs(store, [make_spec({**CONSTANT, "lr": 0.5})])
    add_runs(store, [make_spec({**CONSTANT, "pretrained": "run:1"})], after=[2])
    finish(store, worker)
    assert row(store, 3)["blocked"] == 1
    extend_run(store, 1, 20)
    assert row(store, 3)["blocked"] == 2
    finish(store, worker, epoch=20)
    assert row(store, 3)["blocked"] == 1
    finish(store, worker)
    assert queue.claim(store, worker) == Claim(3, 1)


def test_runs_that_have_begun_need_it_no_more(store: Store, worker: int) -> None:
    add_runs(store, [make_spec(CONSTANT)])
    add_runs(store, [make_spec({**CONSTANT, "pretrained": "run:1"})])
    finish(store, worker)
    finish(store, worker)
    extend_run(store, 1, 20)
    extend_run(store, 2, 20)
    assert row(store, 2)["blocked"] == 0
    with store.read() as session:
        assert listing.unmet(session) == {}


def test_a_run_whose_patience_ran_out_in_its_last_epoch_would_not_go_on(store: Store, worker: int) -> None:
    add_runs(store, [make_spec({**CONSTANT, "patience": 4})])
    finish(store, worker)
    with store.write() as session:
        session.execute(run_table.update().where(run_table.c.id == 1).values(best_epoch=6))
    with pytest.raises(QueueError, match="stopped by itself at epoch 10"):
        extend_run(store, 1, 20)


@pytest.mark.parametrize(
    ("values", "epoch", "epochs", "says"),
    [
        ({"schedule": "cosine"}, 10, 20, "cosine, which is tied to its length: clone it with 20 epochs"),
        ({}, 10, 10, "run 1 has 10 epochs already"),
        ({}, 6, 20, "stopped by itself at epoch 6"),
        ({"epochs": 0}, 0, 5, "run 1 only evaluates"),
    ],
)  # fmt: skip
def test_what_would_not_have_the_same_bits_is_refused(
    store: Store, worker: int, values: dict[str, object], epoch: int, epochs: int, says: str
) -> None:
    add_runs(store, [make_spec({**CONSTANT, **values})])
    finish(store, worker, epoch)
    before = row(store, 1)
    with pytest.raises(QueueError, match=says):
        extend_run(store, 1, epochs)
    assert row(store, 1) == before


def test_only_a_run_that_is_done(store: Store) -> None:
    add_runs(store, [make_spec(CONSTANT)])
    with pytest.raises(QueueError, match="run 1 is queued: only a run that is done"):
        extend_run(store, 1, 20)
    with pytest.raises(QueueError, match="there is no run 7"):
        extend_run(store, 7, 20)


def test_the_verbs(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    home = ["--home", str(tmp_path)]
    assert (
        run(["add", *home, "--data", "digits", "--schedule", "constant", "--name", "n", "--sweep", "s"]) == 0
    )
    store = open_store(f"sqlite:///{tmp_path / 'runs.db'}")
    finish(store, register(store, pid=os.getpid(), device="cpu", device_name=""))
    store.close()
    assert run(["extend", "1", *home, "--epochs", "20"]) == 2
    assert "run 1 has no checkpoint any more: train anew with resnet-tui clone 1" in capsys.readouterr().err
    (tmp_path / "runs" / "1").mkdir(parents=True)
    (tmp_path / "runs" / "1" / "last.pt").write_bytes(b"")
    assert run(["extend", "1", *home, "--epochs", "20"]) == 0
    said = capsys.readouterr()
    assert said.out == "" and said.err == "run 1: queued again, to train until epoch 20\n"
    assert run(["clone", "1", *home, "--lr", "0.1,0.2", "--seed", "4"]) == 0
    assert capsys.readouterr().out == "2\n3\n"
    assert run(["clone", "1", *home, "--name", "other"]) == 0
    said = capsys.readouterr()
    assert said.out == "4\n" and "run 4 repeats run 1" in said.err
    assert run(["ls", "--json", *home]) == 0
    runs = json.loads(capsys.readouterr().out)["runs"]
    assert [(each["lr"], each["seed"], each["epochs"], each["name"], each["sweep"]) for each in runs] == [
        (0.01, 0, 20, "n", "s"), (0.1, 4, 20, "n", "s"), (0.2, 4, 20, "n", "s"), (0.01, 0, 20, "other", "s"),
    ]  # fmt: skip
    assert run(["clone", "9", *home]) == 2
    assert run(["clone", "1", *home, "--lr", "-1"]) == 2
    assert "--lr: -1 is out of range" in capsys.readouterr().err.splitlines()[-1]


def test_fix_clones_with_the_change_of_the_gravest_finding_that_has_one(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    home, store = tmp_path, open_store(f"sqlite:///{tmp_path / 'runs.db'}")
    first, second = add_runs(store, [make_spec({"data": "digits", "epochs": 10, "lr": 0.01})] * 2).ids
    found = [
        Finding("leak", "error", "leak", "40 images"),
        Finding("overfitting", "warning", "overfitting", "NLL 2", change={"epochs": 4}),
    ]
    values = {"findings": [each.as_json() for each in found]}
    with store.write() as session:
        session.execute(run_table.update().where(run_table.c.id == first).values(**values))
    assert run(["clone", str(first), "--fix", "--lr", "0.02", "--home", str(home)]) == 0
    printed = capsys.readouterr()
    assert f"run {first}: epochs 4" in printed.err
    clone = json.loads(str(row(store, int(printed.out.split()[0]))["spec"]))
    assert (clone["epochs"], clone["lr"]) == (4, 0.02)
    assert run(["clone", str(second), "--fix", "--home", str(home)]) == 2
    assert f"run {second} has no suggested change: leave --fix out" in capsys.readouterr().err


def test_a_clone_with_its_fix_says_which_sweep_it_joins(shell: Shell, study: Store) -> None:
    assert shell("clone", "3", "--fix") == 0, shell.err
    assert "; its clone joins sweep demo (another: --sweep NAME)" in shell.err
    assert shell("clone", "3", "--fix", "--sweep", "other") == 0 and "joins" not in shell.err
    assert shell("clone", "3", "--fix", "--sweep", "") == 0 and "joins" not in shell.err
