"""Weights that do not fit are refused with one line."""

import os
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from weight_states import small_state

from engine.models.resnet import build_model, resnet
from engine.models.weight_files import WeightsError, weights_bytes
from engine.models.weights import depth_note, read_weights


def refusal(source: Path) -> str:
    """The one line with which a source is refused."""
    with pytest.raises(WeightsError) as raised:
        read_weights(str(source), arch="resnet18")
    assert "\n" not in str(raised.value)
    return str(raised.value)


def test_another_depth_is_named(tmp_path: Path) -> None:
    path = tmp_path / "deep.pth"
    torch.save(build_model("resnet50", 5, seed=0).state_dict(), path)
    message = refusal(path)
    assert message.startswith(f"{path} does not fit resnet18: unexpected layer1.0.bn3.bias, ")
    assert "other shape layer1.0.conv1.weight (64, 64, 1, 1) for (64, 64, 3, 3)" in message
    assert message.endswith("; it looks like resnet50")


@pytest.mark.parametrize("theirs", ["resnext101_64x4d", "wide_resnet50_2", "resnet50"])
def test_networks_of_one_depth_are_told_apart_by_their_width(theirs: str) -> None:
    with torch.device("meta"):
        shapes = resnet(theirs, 5, "3x3", zero_init_residual=False).state_dict()
    assert depth_note(shapes, "resnet18") == f"; it looks like {theirs}"


def test_weights_of_another_stem_are_refused(tmp_path: Path) -> None:
    cifar = build_model("resnet18", 5, stem="cifar", seed=1).state_dict()
    ours = tmp_path / "ours.safetensors"
    ours.write_bytes(weights_bytes(cifar, {"arch": "resnet18", "stem": "cifar"}))
    with pytest.raises(
        WeightsError, match="was trained with stem cifar, and this run has stem imagenet: choose"
    ):
        read_weights(str(ours), arch="resnet18", stem="imagenet")
    assert read_weights(str(ours), arch="resnet18", stem="cifar") is not None
    old = tmp_path / "old.safetensors"
    old.write_bytes(weights_bytes(small_state(), {"arch": "resnet18"}))
    with pytest.raises(WeightsError, match="was trained with stem imagenet"):
        read_weights(str(old), arch="resnet18", stem="cifar")
    torch.save(cifar, tmp_path / "other.pt")
    with pytest.raises(WeightsError, match=r"other shape conv1.weight \(64, 3, 3, 3\) for \(64, 3, 7, 7\)"):
        read_weights(str(tmp_path / "other.pt"), arch="resnet18", stem="imagenet")


def test_missing_and_other_shapes_are_named(tmp_path: Path) -> None:
    state = dict(small_state())
    del state["layer1.0.bn1.weight"]
    state["conv1.weight"] = torch.zeros(64, 1, 7, 7)
    torch.save(state, tmp_path / "grey.pt")
    message = refusal(tmp_path / "grey.pt")
    assert "missing layer1.0.bn1.weight; other shape conv1.weight (64, 1, 7, 7) for (64, 3, 7, 7)" in message
    assert "looks like" not in message


class Hostile:
    """Runs a command when a careless loader unpickles it."""

    def __init__(self, trace: Path) -> None:
        self.trace = trace

    def __reduce__(self) -> tuple[Callable[..., Any], tuple[str]]:
        return os.mkdir, (str(self.trace),)


def test_a_pickle_with_code_is_refused_and_not_run(tmp_path: Path) -> None:
    trace = tmp_path / "was-run"
    torch.save({**small_state(), "extra": Hostile(trace)}, tmp_path / "hostile.pth")
    assert "holds more than tensors" in refusal(tmp_path / "hostile.pth")
    assert not trace.exists()
    pickle.loads(pickle.dumps(Hostile(trace)))
    assert trace.exists(), "the file would have run code"


@pytest.mark.parametrize("name", ["junk.pth", "junk.pt", "junk.safetensors"])
@pytest.mark.parametrize("content", [b"", b"not weights at all" * 20])
def test_damaged_files_are_refused(name: str, content: bytes, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(content)
    assert "damaged" in refusal(tmp_path / name)


def test_truncated_files_are_refused(tmp_path: Path) -> None:
    torch.save(dict(small_state()), tmp_path / "whole.pth")
    (tmp_path / "cut.pth").write_bytes((tmp_path / "whole.pth").read_bytes()[:50_000])
    (tmp_path / "cut.safetensors").write_bytes(weights_bytes(small_state(), {})[:50_000])
    for name in ("cut.pth", "cut.safetensors"):
        assert "damaged" in refusal(tmp_path / name)


def test_files_that_are_no_weights(tmp_path: Path) -> None:
    assert "no weights file" in refusal(tmp_path / "absent.pth")
    (tmp_path / "notes.txt").write_text("hello")
    assert "must end in .safetensors, .pth or .pt" in refusal(tmp_path / "notes.txt")
    torch.save({"epoch": 3}, tmp_path / "numbers.pth")
    assert "holds no state dict: 'epoch'" in refusal(tmp_path / "numbers.pth")
    torch.save([1, 2], tmp_path / "list.pth")
    assert "holds no state dict" in refusal(tmp_path / "list.pth")
