"""Problems of runs that are known before they are queued, all at once and each thing looked at once."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from pictures import class_folders

from engine.datasets import source
from engine.datasets.index import Survey
from engine.disk.usage import free_bytes
from engine.files.paths import Home
from engine.hardware.telemetry import HostCard, NvidiaState
from engine.preflight import gpu_memory
from engine.preflight.findings import preflight
from engine.problem import WayOut
from engine.recipes.losses import LOSSES
from engine.recipes.samplers import SAMPLERS
from engine.spec.grid import expand_grid, make_spec
from engine.spec.run_spec import RunSpec
from engine.store.add import add_runs
from engine.store.database import Store, open_store
from engine.store.errors import QueueError
from engine.store.schema import run_table


@pytest.fixture
def home(tmp_path: Path) -> Home:
    class_folders(tmp_path / "pets", each=3)
    return Home.find(tmp_path)


@pytest.fixture
def store(home: Home) -> Iterator[Store]:
    opened = open_store(home.database)
    yield opened
    opened.close()


def test_a_data_set_is_read_once_for_all_its_runs(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[str] = []
    usual = source.survey_data

    def counted(place: Home, spec: RunSpec) -> Survey:
        read.append(spec.data)
        return usual(place, spec)

    monkeypatch.setattr(source, "survey_data", counted)
    grid = expand_grid({"data": "pets", "seed": list(range(200)), "loss": ["ce", "mse-ordinal"]})
    other = make_spec({"data": "pets", "val_fraction": 0.2, "select_on": "val_acc"})
    (problem,) = preflight(home, None, [*grid, other]).errors
    assert problem.field == "loss" and read == ["pets", "pets"]


def test_built_in_data_are_not_read_where_nothing_is_asked_of_them(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(source, "survey_data", lambda *_: pytest.fail("read"))
    found = preflight(home, None, expand_grid({"data": ["digits"], "seed": ["1", "2"]}))
    assert not found.problems and found.room.written.kept > 0 and found.repeats == (None, None)


def test_warnings_and_notes_stop_nothing(home: Home, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    small = NvidiaState((HostCard("P4", "GPU-0", 0.5, 0.0),), "580.65.06", 13000, None)
    monkeypatch.setattr(gpu_memory.telemetry, "nvidia", lambda: small)
    little = shutil.disk_usage(home.root)._replace(free=1_000)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: little)
    assert free_bytes(home.root) == 1_000
    add_runs(store, [make_spec({"data": "pets"})])
    found = preflight(home, store, expand_grid({"data": "pets", "seed": ["0", "1"]}))
    assert not found.errors and [problem.kind for problem in found.warnings] == ["gpu_memory", "disk"]
    assert found.repeats == (1, None)
    (note,) = [
        problem for problem in found.problems if problem.severity == "note" and problem.kind == "repeats"
    ]
    assert note.text == "1 of 2 runs repeat earlier ones, the first run 1"
    assert preflight(home, None, [make_spec({"data": "pets"})]).warnings[0].kind == "gpu_memory"


def test_a_source_that_is_done_must_have_its_weights(home: Home, store: Store) -> None:
    add_runs(store, [make_spec({"data": "pets"})])
    spec = make_spec({"data": "pets", "pretrained": "run:1"})
    assert not preflight(home, store, [spec]).errors  # it will have them when it is done
    with store.write() as session:
        session.execute(run_table.update().values(status="done"))
    (problem,) = preflight(home, store, [spec]).errors
    assert problem.kind == "no_weights" and "best weights are not there any more" in problem.what
    home.run(1).folder.mkdir(parents=True)
    home.run(1).best.touch()
    assert not preflight(home, store, [spec]).errors


def test_an_edited_run_does_not_hide_a_later_run_that_it_repeats(home: Home, store: Store) -> None:
    spec = make_spec({"data": "pets"})
    add_runs(store, [spec, make_spec({"data": "pets", "seed": 1}), spec])
    assert preflight(home, store, [spec], changing={1: spec}).repeats == (3,)
    assert preflight(home, store, [spec], changing={2: spec}).repeats == (1,)
    assert preflight(home, store, [spec], changing={1: spec, 3: spec}).repeats == (None,)


@pytest.mark.parametrize(
    ("theirs", "ours", "choose"),
    [
        ({}, {"stem": "cifar"}, "choose stem imagenet, or start from another run"),
        ({"stem": "cifar"}, {}, "choose stem cifar, or start from another run"),
        (
            {"stem": "cifar"},
            {"arch": "resnet34"},
            "choose arch resnet18 with stem cifar, or start from another run",
        ),
    ],
)
def test_a_source_of_another_network_is_refused_before_and_by_the_queue_alike(
    home: Home, store: Store, theirs: dict[str, str], ours: dict[str, str], choose: str
) -> None:
    small = {"data": "pets", "image_size": 32}
    add_runs(store, [make_spec({**small, **theirs})])
    fits = make_spec({**small, **theirs, "pretrained": "run:1"})
    misfit = make_spec({**small, **ours, "pretrained": "run:1"})
    (problem,) = preflight(home, store, [fits, misfit]).errors
    assert problem.field == "pretrained" and problem.text.endswith(choose)
    with pytest.raises(QueueError, match=problem.text):
        add_runs(store, [fits, misfit])


def test_runs_that_change_together_are_judged_as_they_will_be(home: Home, store: Store) -> None:
    for pretrained in ("none", "run:1"):
        add_runs(store, [make_spec({"data": "pets", "pretrained": pretrained})])
    deeper = {
        run_id: make_spec({"data": "pets", "arch": "resnet34", "pretrained": pretrained})
        for run_id, pretrained in ((1, "none"), (2, "run:1"))
    }
    assert not preflight(home, store, list(deeper.values()), changing=deeper).errors
    (problem,) = preflight(home, store, [deeper[2]]).errors
    assert problem.text == (
        "run 1 is a resnet18, and its weights do not fit a resnet34: choose arch resnet18, or start from another run"
    )


def test_sampler_and_loss_that_both_balance_the_classes_are_warned_of_once_each(home: Home) -> None:
    balancing = ["ce-sqrt", "ce-balanced", "class-balanced", "logit-adjusted"]
    for_digits = [name for name, info in LOSSES.items() if not info.gives_grade]
    grid = {"data": "digits", "loss": for_digits, "sampler": list(SAMPLERS), "seed": [0, 1]}
    found = preflight(home, None, expand_grid(grid))
    assert not found.errors and [problem.values for problem in found.warnings] == [
        ("balanced", loss) for loss in balancing
    ]
    assert found.warnings[1].line == (
        "sampler: sampler balanced and loss ce-balanced both correct for the class frequencies, so rare classes "
        "count too much: use sampler shuffle, or use loss ce"
    )
    assert {name for name, info in LOSSES.items() if info.corrects_shares} == set(balancing)
    without = make_spec({"data": "digits", "sampler": "balanced", "loss": "ce-balanced", "epochs": 0})
    assert not preflight(home, None, [without]).problems, "what only evaluates draws and weighs nothing"
    for way in found.warnings[0].ways_out:
        assert way.field and not preflight(home, None, [spec_with(way)]).problems


def spec_with(way: WayOut) -> RunSpec:
    return make_spec({"data": "digits", "sampler": "balanced", "loss": "ce-sqrt", way.field: way.value})


def test_a_momentum_that_the_optimiser_does_not_take_is_warned_of_once(home: Home) -> None:
    grid = expand_grid({"data": "pets", "optimizer": ["sgd", "adamw"], "momentum": 0.5, "seed": [0, 1]})
    [found] = [each for each in preflight(home, None, grid).problems if each.kind == "momentum_unused"]
    assert found.severity == "warning" and found.values == ("0.5", "adamw")
    assert found.said(lambda field, value: f"--{field} {value}").endswith(
        "leave it out, or use --optimizer sgd"
    )
    usual = preflight(home, None, expand_grid({"data": "pets", "optimizer": "adamw"})).problems
    assert not [each for each in usual if each.kind == "momentum_unused"]


def test_statistics_over_several_cards_are_warned_of_where_there_is_one(home: Home) -> None:
    def found(**settings: object) -> list[str]:
        grid = expand_grid({"data": "digits", "sync_batchnorm": True, "seed": [0, 1], **settings})
        return [each.text for each in preflight(home, None, grid).problems if each.kind == "sync_unused"]

    assert found() == [
        "sync_batchnorm has no effect with gpus 1: one card sees the whole batch: leave it out, or share each batch by "
        "gpus 2"
    ]
    assert found(gpus=2) == [] and found(sync_batchnorm=False) == []


def test_val_images_that_choose_no_epoch_are_noted_once(home: Home) -> None:
    def notes(**settings: object) -> list[str]:
        grid = expand_grid({"data": "digits", "seed": [0, 1], **settings})
        found = preflight(home, None, grid)
        assert not found.errors and not found.warnings
        return [each.text for each in found.problems if each.kind == "val_unused"]

    said = "val images are set aside, but test_acc chooses the epoch: select_on val_acc would use them"
    assert notes(val_fraction=0.1) == [said]
    assert notes(val_fraction=0.1, select_on="test_balanced_acc") == [said.replace("_acc", "_balanced_acc")]
    for settings in ({}, {"val_fraction": 0.1, "select_on": "val_acc"}, {"val_fraction": 0.1, "epochs": 1}):
        assert notes(**settings) == []
