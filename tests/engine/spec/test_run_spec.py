"""Specs: defaults that depend on each other, limits, grids."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.spec.conflicts import smallest_batch
from engine.spec.grid import MOST_TOLD, SpecError, expand_grid, grid_values, load_spec, make_spec, split_list
from engine.spec.plugin_name import PluginName, arch_shown, plugin_of
from engine.spec.run_spec import FIELDS


def problems(**values: object) -> dict[str, str]:
    with pytest.raises(SpecError) as caught:
        make_spec({"data": "digits", **values})
    return caught.value.problems


def test_defaults_depend_on_optimizer_and_built_in_data() -> None:
    assert make_spec({"data": "some/folder"}).lr == 0.01
    assert make_spec({"data": "some/folder", "optimizer": "adamw"}).lr == 3e-4
    digits, folder = make_spec({"data": "digits"}), make_spec({"data": "some/folder"})
    assert (digits.image_size, digits.augment) == (32, "none")
    assert (folder.image_size, folder.augment) == (224, "flip")
    assert make_spec({"data": "digits", "image_size": 64}).image_size == 64


@pytest.mark.parametrize(
    ("field", "value", "says"),
    [
        ("arch", "resnet20", "'resnet20' is unknown: choose from resnet18, resnet34"),
        ("lr", "0", "0.0 is out of range|0 is out of range: must be above 0"),
        ("lr", "-1", "out of range: must be above 0"),
        ("lr", "1e-", "'1e-' is not a number"),
        ("lr", "inf", "'inf' is not finite"),
        ("lr", "nan", "'nan' is not finite"),
        ("epochs", "1.5", "'1.5' is not a whole number"),
        ("epochs", "-1", "must be above or at 0"),
        ("batch_size", "0", "must be above or at 1"),
        ("image_size", "8", "must be above or at 16"),
        ("pretrained", "run:x", "run: and a run's number"),
        ("pretrained", " ", "must not be empty"),
        ("preprocess", "clahe", "'clahe' is unknown: choose from none, graham"),
        ("on_bad", "ignore", "'ignore' is unknown: choose from fail, skip"),
        ("nonsense", 1, "is not a setting"),
    ],
)
def test_limits_say_what_to_do(field: str, value: object, says: str) -> None:
    found = problems(**{field: value})
    assert list(found) == [field]
    assert any(part in found[field] for part in says.split("|"))


@pytest.mark.parametrize(
    ("values", "field", "says"),
    [
        (
            {"implementation": "torchvision", "bottleneck_stride": "1x1"},
            "bottleneck_stride",
            "stride in the 3x3",
        ),
        ({"nesterov": True, "momentum": 0}, "nesterov", "sgd with a momentum above 0"),
        ({"nesterov": True, "optimizer": "adamw"}, "nesterov", "choose optimizer sgd"),
        ({"pretrained": "imagenet-v2"}, "pretrained", "resnet18 has no imagenet-v2 weights"),
        ({"test_fraction": 1, "epochs": 1}, "test_fraction", "no images to train on"),
        ({"group_column": "patient"}, "group_column", "digits is built in"),
        ({"loss": "mse-ordinal", "label_smoothing": 0.1}, "label_smoothing", "no classes to smooth"),
        ({"schedule": "onecycle", "warmup_epochs": 1}, "warmup_epochs", "warms up by itself"),
        ({"warmup_epochs": 3, "epochs": 3}, "warmup_epochs", "leaves nothing of 3 epochs"),
        ({"freeze_epochs": 1}, "freeze_epochs", "needs pretrained weights"),
        (
            {"freeze_epochs": 4, "epochs": 3, "pretrained": "imagenet"},
            "freeze_epochs",
            "more than the 3 epochs",
        ),
        ({"micro_batch": 64}, "micro_batch", "larger than batch_size 32"),
        ({"batch_size": 1}, "batch_size", "image_size of 33 or more"),
        ({"micro_batch": 1}, "micro_batch", "at least 2"),
    ],
)
def test_each_conflict_stands_beside_its_field_and_its_settings_solve_it(
    values: dict[str, object], field: str, says: str
) -> None:
    with pytest.raises(SpecError) as caught:
        make_spec({"data": "digits", **values})
    (problem,) = caught.value.found
    assert problem.field == field and says in problem.text and problem.ways_out
    for way in problem.ways_out:
        if way.value is not None:
            make_spec({"data": "digits", **values, way.field: way.value, "momentum": 0.9})


def test_all_conflicts_of_a_spec_are_told_at_once() -> None:
    found = problems(nesterov=True, optimizer="adamw", freeze_epochs=11, micro_batch=64, label_column="b")
    assert set(found) == {"nesterov", "freeze_epochs", "micro_batch", "label_column"}
    assert found["freeze_epochs"].count("; ") == 1  # no pretrained weights, and more than the epochs


def test_a_grid_tells_a_few_problems_of_each_field() -> None:
    with pytest.raises(SpecError) as caught:
        expand_grid({"data": "digits", "seed": [-seed for seed in range(1, 100)], "lr": ["0"]})
    assert [problem.field for problem in caught.value.found].count("seed") == MOST_TOLD
    assert "lr" in caught.value.problems


def test_recipes_at_the_edge_of_what_can_be() -> None:
    for values in (
        {"freeze_epochs": 3, "epochs": 3, "pretrained": "imagenet"},
        {"batch_size": 1, "micro_batch": 1, "image_size": 33},
        {"warmup_epochs": 2.9, "epochs": 3},
        {"warmup_epochs": 2, "epochs": 0},
    ):
        make_spec({"data": "digits", **values})


def test_every_wrong_field_of_a_grid_is_named_at_once() -> None:
    with pytest.raises(SpecError) as caught:
        expand_grid({"data": "digits", "lr": ["0.1", "-1"], "arch": ["resnet18", "vgg"]})
    assert set(caught.value.problems) == {"lr", "arch"}


def test_grid_is_the_product_in_the_fields_order_without_repeats() -> None:
    specs = expand_grid({"lr": ["0.1", "0.01", "1e-1"], "data": "digits", "arch": ["resnet18", "resnet50"]})
    assert [(spec.arch, spec.lr) for spec in specs] == [
        ("resnet18", 0.1),
        ("resnet18", 0.01),
        ("resnet50", 0.1),
        ("resnet50", 0.01),
    ]


def test_one_text_is_a_list_and_several_are_taken_as_they_are() -> None:
    assert split_list(["none, run:1"]) == ["none", "run:1"]
    assert split_list(["a,b.pth", "c.pth"]) == ["a,b.pth", "c.pth"]


def test_repetitions_may_be_given_as_a_range() -> None:
    assert grid_values("seed", ["0-2, 7"]) == ["0", "1", "2", "7"]
    assert grid_values("fold", ["2–3"]) == ["2", "3"] and grid_values("seed", ["5-5"]) == ["5"]
    assert grid_values("epochs", ["1-3"]) == ["1-3"]
    for wrong in ("4-0", "0-1000", "-1", "1-", "a-b"):
        assert grid_values("seed", [wrong]) == [wrong]
    with pytest.raises(SpecError, match="'4-0' is not a whole number"):
        expand_grid({"data": "digits", "seed": grid_values("seed", ["4-0"])})


@given(
    lr=st.floats(min_value=1e-9, max_value=1e3),
    seed=st.integers(0, 2**31 - 1),
    epochs=st.integers(0, 10**6),
)
def test_canonical_text_reads_back_equal(lr: float, seed: int, epochs: int) -> None:
    spec = make_spec({"data": "digits", "lr": lr, "seed": seed, "epochs": epochs})
    assert load_spec(spec.to_json()) == spec
    assert list(json.loads(spec.to_json())) == sorted(FIELDS)
    assert load_spec(spec.to_json()).digest() == spec.digest()


def test_passes_and_the_packed_side_follow_the_augmentation() -> None:
    plain = make_spec({"data": "x", "augment": "flip"})
    assert (plain.passes, plain.packed_px) == (1, 224)
    many = make_spec({"data": "x", "augment": "crop+flip4", "image_size": 64})
    assert (many.passes, many.packed_px) == (4, 74)


def test_a_spec_from_before_there_were_stems_is_the_same() -> None:
    old = make_spec({"data": "digits", "arch": "resnet34"})
    text = json.loads(old.to_json())
    del text["stem"]
    assert make_spec(text) == old and old.digest() == make_spec({**text, "stem": "imagenet"}).digest()
    other = make_spec({**text, "stem": "cifar"})
    assert other.digest() != old.digest() and (old.network, other.network) == (
        "resnet34",
        "resnet34 with stem cifar",
    )


@pytest.mark.parametrize(
    ("stem", "image_size", "fewest"), [("imagenet", 32, 2), ("imagenet", 33, 1), ("cifar", 16, 1)]
)
def test_how_few_images_batchnorm_takes_follows_from_the_stem(
    stem: str, image_size: int, fewest: int
) -> None:
    settings = {"data": "x", "stem": stem, "image_size": image_size}
    assert smallest_batch(make_spec(settings)) == fewest
    if fewest == 1:
        make_spec({**settings, "batch_size": 1})
    else:
        with pytest.raises(SpecError, match="needs an image_size of 33 or more"):
            make_spec({**settings, "batch_size": 1})


@pytest.mark.parametrize(
    ("arch", "parts", "shown"),
    [
        ("models/my.py:make", PluginName("models/my.py", "make"), "make (my.py)"),
        ("/a b/c,d.py:f", PluginName("/a b/c,d.py", "f"), "f (c,d.py)"),
        ("resnet18", None, "resnet18"),
    ],
)
def test_a_plugin_is_a_file_and_a_function(arch: str, parts: PluginName | None, shown: str) -> None:
    assert plugin_of(arch) == parts and arch_shown(arch) == shown
    assert make_spec({"data": "x", "arch": f" {arch} "}).arch == arch


@pytest.mark.parametrize(
    "arch", ["my.py", "my.py:", "my.py:a b", ".py:f", "my.txt:f", "my.py:f\x1b[1m", ":f", ""]
)
def test_what_names_no_architecture(arch: str) -> None:
    with pytest.raises(SpecError, match="is unknown: choose from resnet18, .* or give FILE.py:FUNCTION"):
        make_spec({"data": "x", "arch": arch})


def test_a_plugins_file_that_cannot_be_shown_is_refused() -> None:
    with pytest.raises(SpecError, match="has characters that cannot be shown: rename the file"):
        make_spec({"data": "x", "arch": "m\x1b[1m.py:f"})


@pytest.mark.parametrize(
    ("stored", "why"),
    [
        ('{"data": "digits", "newer": 3}', "newer: is not a setting"),
        ('{"data": "digits", "arch": "resnet1"}', "arch: 'resnet1' is unknown"),
        ('{"data": ', "they are damaged"),
    ],
)
def test_stored_settings_that_cannot_be_read_say_whose_they_are_and_what_to_do(stored: str, why: str) -> None:
    with pytest.raises(SpecError) as caught:
        load_spec(stored, 7)
    text = str(caught.value)
    assert text.startswith(f"the settings of run 7 cannot be read by this version ({why}")
    assert (
        text.endswith("): leave it out, or use the version of resnet-tui that queued it") and "\n" not in text
    )
    with pytest.raises(SpecError, match="the settings of a stored run cannot be read"):
        load_spec(stored)


WARM = {"data": "digits", "pretrained": "imagenet"}


def test_runs_that_take_the_same_memory_have_one_key() -> None:
    plain = make_spec(WARM)
    for settings in (
        {"lr": 0.5}, {"seed": 9}, {"epochs": 99}, {"freeze_epochs": 2}, {"momentum": 0.5}, {"on_oom": "shrink"},
        {"weight_decay": 0.0}, {"pretrained": "none"}, {"loss": "focal"},
    ):  # fmt: skip
        assert make_spec(WARM | settings).memory_digest() == plain.memory_digest(), settings
    others = [
        {"batch_size": 64}, {"micro_batch": 8}, {"image_size": 64}, {"arch": "resnet50"}, {"momentum": 0.0},
        {"optimizer": "adamw"}, {"precision": "fp32"}, {"epochs": 0}, {"freeze_epochs": 10}, {"augment": "crop"},
        {"deterministic": True}, {"data": "fundus"}, {"head": "dropout"}, {"gpus": 2},
    ]  # fmt: skip
    keys = {make_spec(WARM | settings).memory_digest() for settings in others}
    assert len(keys | {plain.memory_digest()}) == len(others) + 1


@pytest.mark.parametrize(
    ("settings", "epoch"),
    [({}, 1), ({"epochs": 0}, 0), ({"freeze_epochs": 3}, 4), ({"freeze_epochs": 3, "epochs": 3}, 1)],
)
def test_the_peak_is_known_when_all_that_is_trained_has_been(settings: dict[str, int], epoch: int) -> None:
    assert make_spec(WARM | settings).first_whole_epoch == epoch
