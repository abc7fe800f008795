"""Meaning of a filled-in form."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.analysis.forecast import learn
from engine.analysis.paces import Pace, PastRun
from engine.files.paths import Home
from engine.recipes.losses import LOSSES
from engine.spec.archs import ARCH_INFOS
from engine.spec.grid import SpecError, expand_grid, make_spec
from engine.spec.repetitions import with_seeds_and_splits
from engine.spec.run_spec import FIELDS, RunSpec, choices_of
from tui.forms.choices import choices, completions, is_begun
from tui.forms.estimate import Measured, time_shown
from tui.forms.form import check, defaults, parse_more, preview, texts_of, texts_of_group
from tui.forms.form_report import FormReport
from tui.forms.form_words import MORE, OTHERS, OWN
from tui.forms.path_completion import paths_like
from tui.widgets.form_summary import summary_line

TEXTS = {"data": "digits", "arch": "resnet18", "lr": "0.1, 0.01", "epochs": "3", "pretrained": "none"}


def test_a_valid_form_is_its_runs() -> None:
    found = check(TEXTS)
    assert not found.problems and len(found.specs) == 2
    assert preview(found.specs, (True, False), 6) == [
        "resnet18  none  epochs 3  lr 0.1   repeats an earlier run",
        "resnet18  none  epochs 3  lr 0.01",
    ]
    many = check({**TEXTS, "seed": "0,1,2,3,4", "more": "loss=ce,ce-sqrt"}).specs
    lines = preview(many, (), 6)
    assert len(many) == 20 and len(lines) == 7 and lines[-1] == "… and 14 more"
    assert lines[0] == "resnet18  none  epochs 3  lr 0.1  loss ce  seed 0"


def test_seeds_are_a_range_or_a_list_and_the_summary_counts_groups() -> None:
    five = check({**TEXTS, "lr": "0.1", "seed": "0-4"})
    assert [spec.seed for spec in five.specs] == [0, 1, 2, 3, 4] and not five.problems
    assert texts_of_group(five.specs) == {**texts_of(five.specs[0], {}), "seed": "0,1,2,3,4"}
    assert check({**TEXTS, "seed": "4-0"}).problems["seed"] == "'4-0' is not a whole number"
    for groups, says in ((0, "5 runs, time"), (1, "5 runs, one group, time"), (2, "5 runs, 2 groups, time")):
        assert summary_line(5, FormReport(TEXTS, groups=groups), {}).plain.startswith(says)


def test_every_wrong_field_is_named_beside_it() -> None:
    wrong = {**TEXTS, "lr": "1e-", "epochs": "few", "data": " ", "arch": "resnet18, vgg16"}
    found = check(wrong)
    assert set(found.problems) == {"lr", "epochs", "data", "arch"} and found.specs == ()
    assert found.problems["lr"] == "'1e-' is not a number"


def test_all_conflicts_stand_beside_their_fields_in_the_forms_words() -> None:
    more = "label_smoothing=0.1 loss=mse-ordinal nesterov=true optimizer=adamw"
    found = check({**TEXTS, "batch_size": "1", "pretrained": "imagenet-v2", "more": more}).problems
    assert set(found) == {"batch_size", "pretrained", MORE}
    assert (
        "label_smoothing: loss mse-ordinal has no classes to smooth: choose label_smoothing=0 in more"
        in found[MORE]
    )
    assert "choose optimizer=sgd in more" in found[MORE] and "--" not in "".join(found.values())


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("los=ce", "unknown setting 'los': loss?"),
        (
            "los=ce xyzzy=1 loss=ce loss=ce",
            "unknown setting 'los': loss?; unknown setting 'xyzzy', such as loss=ce-sqrt; loss is given twice",
        ),
        ("xyzzy=1", "unknown setting 'xyzzy', such as loss=ce-sqrt"),
        ("lr=3", "lr has a field of its own"),
        ("loss", "loss=… " + "|".join(LOSSES)),
        ("class_names='a", "unclosed quotation mark"),
        ("loss=cd", "loss: 'cd' is unknown: choose from ce, ce-sqrt"),
        ("label_smoothing=2", "label_smoothing: "),
    ],
)
def test_more_settings_are_named_where_they_are_wrong(text: str, problem: str) -> None:
    assert check({**TEXTS, "more": text}).problems["more"].startswith(problem)


def test_a_preset_fills_what_is_empty_and_shows_it() -> None:
    texts = {"data": "retina", "arch": "resnet18,resnet50", "preset": "lab", "lr": "", "epochs": ""}
    found = check(texts)
    assert [(spec.arch, spec.epochs, spec.lr, spec.image_size) for spec in found.specs] == [
        ("resnet18", 10, 1e-3, 512),
        ("resnet50", 5, 1e-3, 512),
    ]
    assert defaults(texts) == {
        "arch": "resnet18",
        "pretrained": "none", "lr": "1e-3", "epochs": "10, 5", "batch_size": "4", "image_size": "512", "seed": "0",
    }  # fmt: skip
    assert {spec.lr for spec in check({**texts, "lr": "0.1", "epochs": "3"}).specs} == {0.1}
    assert check({**texts, "preset": "labs"}).problems["preset"].startswith("'labs' is unknown")
    plain = defaults({"data": "digits"})
    assert (plain["image_size"], plain["lr"]) == ("32", "0.01")
    assert defaults({"data": "digits", "more": "optimizer=adamw"})["lr"] == "3e-4"


def values(name: str) -> st.SearchStrategy[object]:
    annotation = RunSpec.model_fields[name].annotation
    if annotation is bool:
        return st.booleans()
    if name in ("images", "class_names", "group_column"):
        return st.text("abc ,'\"é=", max_size=6)
    if choices_of(name):
        return st.sampled_from(choices_of(name))
    if annotation is float:
        return st.floats(0.0, 0.4)
    return st.integers(0, 9) if annotation is int else st.just(RunSpec.model_fields[name].default)


def test_the_depth_of_a_resnet_names_it_also_with_a_preset() -> None:
    assert [spec.arch for spec in check({**TEXTS, "arch": "18, 50"}).specs[::2]] == ["resnet18", "resnet50"]
    assert len(check({**TEXTS, "lr": "0.1", "arch": "18, resnet18"}).specs) == 1
    assert {spec.epochs for spec in check({"data": "retina", "arch": "18,50", "preset": "lab"}).specs} == {
        10,
        5,
    }
    assert "'17' is unknown" in check({**TEXTS, "arch": "17"}).problems["arch"]


@pytest.mark.parametrize(
    ("field", "text", "words", "taken"),
    [
        ("arch", "18, 50", ["resnet50", "resnext50_32x4d", "wide_resnet50_2"], "18, resnet50"),
        ("preset", "l", ["lab"], "lab"),
        ("more", "loss=ce smoo", ["label_smoothing"], "loss=ce label_smoothing="),
        ("more", "val", ["val_fraction"], "val_fraction="),
        ("more", "loss=fo", ["focal"], "loss=focal"),
        ("more", "nesterov=", ["true", "false"], "nesterov=true"),
        ("lr", "1", [], ""),
    ],
)
def test_choices_go_on_from_what_is_typed(field: str, text: str, words: list[str], taken: str) -> None:
    found = choices(field, text)
    assert [each.word for each in found][: len(words)] == words
    assert taken == (found[0].text if found else "")


def test_all_choices_are_offered_with_sentences_where_nothing_fits_or_all_is_typed() -> None:
    every = choices("more", "")
    assert [each.word for each in every] == list(OTHERS) and all(each.says for each in every)
    assert next(each.default for each in every if each.word == "loss") == "ce"
    assert [each.word for each in choices("more", "loss=ce xyzzy")] == [
        each for each in OTHERS if each != "loss"
    ]
    assert [each.word for each in choices("more", "loss=ce")] == list(LOSSES)
    assert [each.word for each in choices("arch", "vgg")] == list(ARCH_INFOS)
    assert all(each.says for field in ("arch", "preset") for each in choices(field, ""))
    assert [is_begun("more", text) for text in ("", "los", "loss=ce", "loss=c", "xyzzy")] == [
        False, True, False, True, False,
    ]  # fmt: skip


@given(st.data())
def test_a_clone_says_all_of_its_spec(data: st.DataObject) -> None:
    names = data.draw(st.lists(st.sampled_from([*OWN[2:], *OTHERS]), max_size=5, unique=True))
    settings = {name: data.draw(values(name), label=name) for name in names}
    try:
        spec = make_spec({"data": "retina", "arch": data.draw(st.sampled_from(list(ARCH_INFOS))), **settings})
    except SpecError:
        return
    texts = texts_of(spec, {})
    assert check(texts).problems == {} and check(texts).specs == (spec,)


def test_a_clone_with_the_suggested_change() -> None:
    spec = make_spec({"data": "digits", "loss": "ce-sqrt", "lr": 1e-4})
    (changed,) = check(texts_of(spec, {"lr": 1e-3, "freeze_epochs": 0, "loss": "ce"})).specs
    assert changed == make_spec({"data": "digits", "lr": 1e-3})


@pytest.mark.parametrize(
    ("field", "text", "whole"),
    [
        ("arch", "resnet18, wide_resnet1", "resnet18, wide_resnet101_2"),
        ("arch", "da", "data/"),
        ("data", "fund", "fundus"),
        ("data", "da", "data/"),
        ("data", "data/re", "data/retina/"),
        ("pretrained", "none, im", "none, imagenet"),
        ("pretrained", "da", "data/"),
        ("preset", "s", "seed"),
        ("preset", "da", None),
        ("more", "label_s", "label_smoothing="),
        ("more", "loss=ce sched", "loss=ce schedule="),
        ("more", "loss=ce,ce-b", "loss=ce,ce-balanced"),
        ("more", "nesterov=t", "nesterov=true"),
        ("more", "nowhere=t", None),
        ("lr", "1", None),
        ("data", "", None),
        ("data", "nothing-like-it", None),
    ],
)
def test_what_a_text_goes_on_with(field: str, text: str, whole: str | None, tmp_path: Path) -> None:
    (tmp_path / "data" / "retina").mkdir(parents=True)
    (tmp_path / "data" / ".hidden").touch()
    home = Home.find(tmp_path)
    assert completions(field, text, lambda part: paths_like(home, part)) == whole


def test_every_setting_has_a_place_in_the_form() -> None:
    assert {*OWN, *OTHERS} == set(FIELDS)
    assert parse_more("on-bad=skip val_fraction=0.2") == ({"on_bad": "skip", "val_fraction": "0.2"}, "")


def test_the_time_is_measured_guessed_or_unknown() -> None:
    def pace(images_per_s: float) -> Pace:
        return Pace(images_per_s, images_per_s, images_per_s)

    card, specs = "H100", [make_spec({"data": "retina", "epochs": 6, "augment": "none"})]
    known = learn([PastRun(("resnet18", 224, "auto", "imagenet"), card, "retina", 28_100, pace(5_000))])
    measured = Measured(known, (card,))
    assert time_shown(specs, lambda _spec: None, measured) == "about 34 s on H100"
    assert (
        time_shown(specs * 10, lambda _spec: None, Measured(known, (card, card))) == "about 3 m on 2 workers"
    )
    larger = make_spec({"data": "eyes", "arch": "resnet50", "epochs": 10, "image_size": 448})
    assert (
        time_shown([larger], lambda _spec: 10_000, measured) == "roughly 3 m on H100"
    )  # 4.09 / 1.81 × 4 × 20 s
    assert time_shown([larger], lambda _spec: None, measured) == ""
    assert time_shown(specs, lambda _spec: 1, Measured(known, ("another card",))) == ""
    assert time_shown(specs, lambda _spec: 1, Measured(known, ())) == ""


def test_a_word_that_is_whole_goes_on_to_no_longer_one() -> None:
    def no_paths(_text: str) -> list[str]:
        return []

    assert completions("data", "fundu", no_paths) == "fundus"
    assert completions("data", "fundus", no_paths) is None
    assert completions("data", "fundus-", no_paths) == "fundus-balanced"


@pytest.mark.parametrize(
    "grid",
    [
        {"seed": [0, 3]},
        {"folds": 3},
        {"folds": 3, "seed": [0, 1]},
        {"seed": [1, 2], "split_seed": [0, 4]},
        {"folds": 4, "fold": [1, 3]},
    ],
)
def test_a_group_is_cloned_whole(grid: dict[str, Any]) -> None:
    specs = expand_grid({"data": "digits", "lr": 0.02, "loss": "ce-sqrt", **grid})
    texts = texts_of_group(specs)
    assert texts is not None and set(check(texts).specs) == set(specs)


def test_seeds_that_are_paired_with_splits_are_no_form() -> None:
    assert texts_of_group(with_seeds_and_splits([make_spec({"data": "digits"})], 3)) is None
