"""Presets fill what is left out."""

import pytest

from engine.spec.grid import SpecError, expand_grid
from engine.spec.presets import PRESETS, with_preset
from engine.spec.run_spec import FIELDS, RunSpec


def specs(name: str, **given: object) -> list[RunSpec]:
    return [spec for grid in with_preset(name, {"data": "d", **given}) for spec in expand_grid(grid)]


def test_lab_is_the_assignment_and_seed_the_studys_learning_rate() -> None:
    (lab,) = specs("lab")
    wanted = {
        "optimizer": "sgd", "momentum": 0.9, "weight_decay": 5e-4, "batch_size": 4, "lr": 1e-3, "image_size": 512,
        "epochs": 10, "loss": "ce", "schedule": "constant", "arch": "resnet18",
    }  # fmt: skip
    assert lab.model_dump(include=set(wanted)) == wanted
    (seed,) = specs("seed")
    assert seed == lab.model_copy(update={"lr": 1e-4})


def test_each_arch_has_its_epochs_unless_they_are_given() -> None:
    both = specs("lab", arch=["resnet18", "resnet50", "resnet34"], lr=["0.1"])
    assert {(spec.arch, spec.epochs) for spec in both} == {
        ("resnet18", 10),
        ("resnet34", 10),
        ("resnet50", 5),
    }
    assert {spec.lr for spec in both} == {0.1}
    assert [spec.epochs for spec in specs("lab", arch=["resnet18", "resnet50"], epochs=["3"])] == [3, 3]


def test_built_in_data_keep_their_size_and_unknown_names_are_refused() -> None:
    (digits,) = specs("lab", data="digits")
    assert (digits.image_size, digits.augment, digits.batch_size) == (32, "none", 4)
    with pytest.raises(SpecError, match="'x' is unknown: choose from lab, seed, medmnist"):
        with_preset("x", {})


def test_medmnist_is_the_authors_benchmark() -> None:
    (spec,) = specs("medmnist", data="retina.npz")
    wanted = {
        "optimizer": "adam", "weight_decay": 0.0, "lr": 1e-3, "schedule": "step", "epochs": 100, "batch_size": 128,
        "loss": "ce", "stem": "cifar", "image_size": 28, "resize": "nearest", "normalize": "half", "augment": "none",
        "pretrained": "none", "select_on": "val_auc", "arch": "resnet18",
    }  # fmt: skip
    assert spec.model_dump(include=set(wanted)) == wanted
    assert [each.epochs for each in specs("medmnist", arch=["resnet18", "resnet50"])] == [100, 100]


def test_every_preset_says_where_it_comes_from_and_names_real_settings() -> None:
    for preset in PRESETS.values():
        assert len(preset.source) > 20
        assert preset.settings.keys() <= set(FIELDS)
        assert "epochs" in preset.all_settings()
    assert PRESETS["lab"].in_words().endswith("epochs 10 (resnet18, resnet34), 5 (others)")
