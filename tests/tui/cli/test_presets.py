"""`presets`, and what `add --preset` says."""

import json
from pathlib import Path

import pytest
from shell import run

from engine.spec.presets import PRESETS


def test_all_are_listed_with_their_source(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["presets"]) == 0
    shown = capsys.readouterr().out
    for preset in PRESETS.values():
        assert f"{preset.name}: {preset.description}\nsource: {preset.source}" in shown
    assert run(["presets", "medmnist"]) == 0
    assert "  select_on     val_auc" in capsys.readouterr().out.splitlines()


def test_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["presets", "lab", "--json"]) == 0
    (about,) = json.loads(capsys.readouterr().out).values()
    assert about["settings"]["batch_size"] == 4
    assert about["source"] == PRESETS["lab"].source


def test_an_unknown_one_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["presets", "lap"]) == 2
    assert "'lap' is unknown: choose from lab, seed, medmnist" in capsys.readouterr().err


def test_add_says_what_a_preset_sets_and_where_it_comes_from(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    flags = ["--home", str(tmp_path), "--data", "digits", "--preset", "medmnist", "--val-fraction", "0.1"]
    assert run(["add", *flags]) == 0
    said = capsys.readouterr()
    assert said.out == "1\n"
    assert "preset medmnist sets optimizer adam, weight_decay 0.0, batch_size 128" in said.err
    assert "image_size" not in said.err and "augment" not in said.err, "digits keep their own"
    assert f"source: {PRESETS['medmnist'].source}" in said.err
