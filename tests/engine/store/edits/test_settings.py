"""Editing the settings of queued runs."""

import pytest
from stored_runs import add, claimed, get
from studies import train

from engine.files.paths import Home
from engine.spec.grid import SpecError, load_spec, make_spec
from engine.store import history, listing, queue
from engine.store.add import add_runs
from engine.store.claims import Claim
from engine.store.database import Store
from engine.store.edits.retry import retry
from engine.store.edits.settings import edit_settings
from engine.store.edits.undo import undo
from engine.store.errors import QueueError


def test_edit_changes_the_spec_and_what_mirrors_it(store: Store, home: Home) -> None:
    add(store, 2)
    repeats = edit_settings(store, home, [2], {"lr": "0.5", "precision": "fp16", "image_size": 64, "seed": 7})
    spec = make_spec({"data": "digits", "seed": 7, "lr": 0.5, "precision": "fp16", "image_size": 64})
    run = get(store, 2)
    assert load_spec(run.spec) == spec and run.spec_hash == spec.digest() and repeats == {}
    assert (run.lr, run.precision, run.image_size, run.seed, run.needs_card) == (0.5, "fp16", 64, 7, True)
    assert edit_settings(store, home, [1], {"lr": 0.01}) == {}
    add(store, 1, lr=0.3)
    assert edit_settings(store, home, [1], {"lr": 0.3}) == {1: 3}
    assert edit_settings(store, home, [1], {"allow_leak": True}) == {1: 3}  # as before, though it comes first
    with pytest.raises(SpecError, match="lr: -1 is out of range"):
        edit_settings(store, home, [1, 2], {"lr": -1})


def test_edit_refuses_what_has_begun(store: Store, worker: int, home: Home) -> None:
    add(store, 2, schedule="constant")
    held = claimed(store, worker)
    with pytest.raises(QueueError, match="run 1 is running: pause it first"):
        edit_settings(store, home, [2, 1], {"lr": 0.5})
    train(store, held, 3, skill=0.5)
    queue.put_back(store, held)
    with pytest.raises(QueueError, match="run 1 has trained 3 epochs with its settings: clone it"):
        edit_settings(store, home, [1], {"lr": 0.5})
    with pytest.raises(QueueError, match="run 1 has trained 3 epochs already"):
        edit_settings(store, home, [1], {"epochs": 2})
    edit_settings(store, home, [1], {"epochs": 20, "allow_leak": True})
    assert (get(store, 1).epochs, get(store, 1).epoch, get(store, 1).baseline is None) == (20, 3, False)
    assert get(store, 2).lr == 0.01
    queue.ask(store, [2], "cancel")
    with pytest.raises(QueueError, match="run 2 is cancelled: clone it"):
        edit_settings(store, home, [2], {"lr": 0.5})


def test_another_recipe_forgets_what_an_attempt_without_an_epoch_noted(
    store: Store, worker: int, home: Home
) -> None:
    add(store)
    held = claimed(store, worker)
    train(store, held, 0, skill=0.5)
    queue.put_back(store, held)
    assert get(store, 1).environment
    edit_settings(store, home, [1], {"precision": "bf16"})
    run = get(store, 1)
    assert (run.environment, run.steps_per_epoch, run.baseline, run.class_names) == ({}, 0, None, [])


def test_edit_discards_the_checkpoint_of_a_first_epoch_where_it_would_not_fit(
    store: Store, worker: int, home: Home
) -> None:
    add(store, schedule="constant")
    train(store, claimed(store, worker), 0, skill=0.5)
    queue.put_back(store, Claim(1, 1))
    paths = home.run(1)
    paths.pending.folder.mkdir(parents=True)
    for path in (paths.last, paths.last_before, paths.pending.best, paths.log):
        path.write_bytes(b"old")
    edit_settings(store, home, [1], {"epochs": 20})
    assert paths.last.exists() and get(store, 1).environment
    with pytest.raises(SpecError):
        edit_settings(store, home, [1], {"lr": -1})
    with pytest.raises(QueueError, match="run 1 would wait for itself"):
        edit_settings(store, home, [1], {"lr": 0.5, "pretrained": "run:1"})
    assert paths.last.read_bytes() == paths.pending.best.read_bytes() == b"old"
    assert len(list(paths.folder.iterdir())) == 4
    edit_settings(store, home, [1], {"lr": 0.5})
    assert [path.name for path in paths.folder.iterdir()] == ["log.txt"]
    undone = undo(store)
    assert undone is not None and undone.restored == undone.lost == [1]
    assert (
        get(store, 1).lr == 0.01 and get(store, 1).environment == {}
    )  # as its folder has it: nothing trained


def test_other_settings_do_not_keep_the_curve_of_the_old_ones(store: Store, worker: int, home: Home) -> None:
    add(store, 2)
    held = claimed(store, worker)
    train(store, held, 0, skill=0.5)
    history.record_progress(store, held, step=1, images_per_s=None, losses=[history.Losses(0, 1, 1, 1, 1, 1)])
    queue.put_back(store, held)
    edit_settings(store, home, [1], {"epochs": 30, "allow_leak": True, "arch": "resnet50"})
    with store.read() as session:
        assert history.epochs_of(session, 1) == [] and history.losses_of(session, 1) == []
        assert history.confusions_of(session, 1) == {}
    undone = undo(store)
    assert undone is not None and (undone.restored, undone.lost, undone.left) == ([1], [1], {})
    assert get(store, 1).arch == "resnet18"
    edit_settings(store, home, [1], {"arch": "resnet50"})
    undone = undo(store)
    assert undone is not None and (undone.restored, undone.lost) == ([1], [])  # nothing was left to delete


def test_edit_waits_for_the_run_that_it_starts_from_now(store: Store, worker: int, home: Home) -> None:
    add(store, 3)
    add_runs(store, [make_spec({"data": "digits", "pretrained": "run:1"})], after=[2])
    edit_settings(store, home, [4], {"pretrained": "run:3"})
    with store.read() as session:
        assert listing.unmet(session) == {4: {2: "queued", 3: "queued"}}
    edit_settings(store, home, [4], {"pretrained": "none"})
    with store.read() as session:
        assert listing.unmet(session) == {4: {2: "queued"}}
    assert get(store, 4).blocked == 1
    with pytest.raises(QueueError, match="run 2 would wait for itself"):
        edit_settings(store, home, [2], {"pretrained": "run:4"})
    with pytest.raises(QueueError, match="there is no run 9"):
        edit_settings(store, home, [4], {"pretrained": "run:9"})
    with pytest.raises(QueueError, match="run 1 is a resnet18, and its weights do not fit a resnet34"):
        edit_settings(store, home, [4], {"pretrained": "run:1", "arch": "resnet34"})
    for _ in range(2):
        undone = undo(store)
        assert undone is not None and undone.restored == [4]
    with store.read() as session:
        assert listing.unmet(session) == {4: {1: "queued", 2: "queued"}}
    assert get(store, 4).blocked == 2


def test_edit_keeps_the_arch_that_others_start_from(store: Store, worker: int, home: Home) -> None:
    add(store)
    add_runs(store, [make_spec({"data": "digits", "pretrained": "run:1", "seed": seed}) for seed in (1, 2)])
    with pytest.raises(
        QueueError, match="runs 2-3 start from run 1 and could not from a resnet50: edit them in"
    ):
        edit_settings(store, home, [1], {"arch": "resnet50"})
    with pytest.raises(QueueError, match="run 3 starts from run 1 and could not from a resnet50"):
        edit_settings(store, home, [1, 2], {"arch": "resnet50"})
    edit_settings(store, home, [3, 1, 2], {"arch": "resnet50"})
    assert [get(store, run_id).arch for run_id in (1, 2, 3)] == ["resnet50"] * 3
    assert undo(store) is not None
    assert [get(store, run_id).arch for run_id in (1, 2, 3)] == ["resnet18"] * 3
    queue.ask(store, [2, 3], "cancel")
    edit_settings(store, home, [1], {"arch": "resnet50"})
    with pytest.raises(QueueError, match="run 1 is a resnet50, and its weights do not fit a resnet18"):
        retry(store, home, [2])
