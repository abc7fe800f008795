"""Weights files are opened before the runs that name them are queued."""

import argparse
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import torch
from bad_runs import make_files
from torch_here import load_torch_here
from weight_bytes import weights_bytes

from engine import torch_subprocess
from engine.files.paths import Home
from engine.models.resnet import resnet
from engine.preflight import weight_checks
from engine.preflight.data_checks import check_data
from engine.preflight.weight_checks import check_weights
from engine.problem import Problem
from engine.spec.grid import expand_grid
from engine.torch_subprocess import AskError, ask
from tests.support.forking import fork_torch


@pytest.fixture
def home(tmp_path: Path) -> Home:
    make_files(tmp_path)
    return Home.find(tmp_path)


def problems(home: Home, **settings: Any) -> list[Problem]:
    specs = expand_grid({"data": "pets", **settings})
    return check_weights(home, specs, check_data(home, specs))


def test_a_process_with_torch_opens_them(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    fork_torch(monkeypatch, torch_subprocess)
    files = ["cut.safetensors", "foreign.pth", "deeper.safetensors", "plain.safetensors", "run:1", "imagenet"]
    cut, foreign, deeper = problems(home, pretrained=files)
    assert "is damaged" in cut.text and "foreign.pth does not fit resnet18: missing" in foreign.text
    assert deeper.text.endswith("it looks like resnet34") and deeper.values == (
        "deeper.safetensors",
        "resnet18",
    )


def test_each_file_is_opened_once_for_each_arch_until_it_changes(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    load_torch_here(monkeypatch)
    asked: list[str] = []

    def counted(module: str, arguments: Sequence[str], *, what: str, given: str) -> dict[str, Any]:
        asked.append(given)
        return ask(module, arguments, what=what, given=given)

    monkeypatch.setattr(weight_checks, "ask", counted)
    settings = {"pretrained": "plain.safetensors", "seed": [1, 2, 3], "arch": ["resnet18", "resnet34"]}
    (misfit,) = problems(home, **settings)
    assert misfit.values == ("plain.safetensors", "resnet34") and problems(home, **settings) == [misfit]
    assert len(asked) == 1 and asked[0].count('"path"') == 2
    os.utime(home.root / "plain.safetensors", (1, 1))
    assert problems(home, **settings) == [misfit] and len(asked) == 2


def test_a_run_that_only_evaluates_needs_the_files_head(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    load_torch_here(monkeypatch)
    state = dict(resnet("resnet18", 3, "3x3", zero_init_residual=False).state_dict())
    for name, classes in (("fits", ["class0", "class1", "class2"]), ("other", ["x", "y", "z"])):
        (home.root / f"{name}.safetensors").write_bytes(weights_bytes(state, {"class_names": classes}))
    assert problems(home, pretrained=["fits.safetensors", "other.safetensors"]) == []
    (other,) = problems(home, pretrained=["fits.safetensors", "other.safetensors"], epochs=0)
    assert "epochs 0 only evaluates" in other.text and "x, y, z; ours class0" in other.text
    (grade,) = problems(home, pretrained="fits.safetensors", epochs=0, loss="mse-ordinal")
    assert "has 3 outputs, ours 1" in grade.text


def test_without_torch_a_warning_says_that_nothing_was_opened(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> dict[str, Any]:
        raise AskError("the check of weights could not be made: No module named torch")

    monkeypatch.setattr(weight_checks, "ask", broken)
    (warning,) = problems(home, pretrained="foreign.pth")
    assert warning.severity == "warning" and "No module named torch" in warning.text


def test_a_repaired_plugin_is_checked_again(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    answers = iter(
        [{"problems": ["the plug-in is broken"], "guesses": [None]}, {"problems": [None], "guesses": [None]}]
    )
    monkeypatch.setattr(weight_checks, "ask", lambda *_, **__: next(answers))
    plugin, settings = home.root / "net.py", {"pretrained": "plain.safetensors", "arch": "net.py:make"}
    plugin.write_text("broken")
    for _ in range(2):
        (problem,) = problems(home, **settings)
        assert problem.what == "the plug-in is broken"
    plugin.write_text("repaired")
    assert problems(home, **settings) == []


def test_of_several_weights_a_warning_says_which_are_taken(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    load_torch_here(monkeypatch)
    state = dict(resnet("resnet18", 3, "3x3", zero_init_residual=False).state_dict())
    torch.save(
        {"model": state, "model_ema": dict(state), "args": argparse.Namespace(lr=0.1)}, home.root / "both.pth"
    )
    (guess,) = problems(home, pretrained="both.pth")
    assert (guess.severity, guess.kind) == ("warning", "weights_guess")
    assert guess.text == "both.pth holds several weights that fit: taken (key model), not key model_ema"
    torch.save({"net": state, "args": argparse.Namespace(lr=0.1)}, home.root / "one.ckpt")
    assert problems(home, pretrained="one.ckpt") == []


def test_numbers_that_are_not_finite_are_said_before_hours_of_waiting(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    load_torch_here(monkeypatch)
    state = dict(resnet("resnet18", 3, "3x3", zero_init_residual=False).state_dict())
    torch.save({**state, "bn1.weight": state["bn1.weight"] * float("nan")}, home.root / "nan.pth")
    (problem,) = problems(home, pretrained="nan.pth")
    assert problem.severity == "error" and "nan.pth holds NaN or infinity" in problem.text


def test_a_folder_is_no_weights_file(home: Home) -> None:
    (problem,) = problems(home, pretrained="pets")
    assert problem.kind == "no_weights" and problem.what == "pets is a folder"
