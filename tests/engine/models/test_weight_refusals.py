"""Weights that do not fit are refused with one line."""

import math
import os
import pickle
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from small import small_spec
from weight_bytes import weights_bytes
from weight_states import small_state

from engine.models.resnet import build_model, resnet
from engine.models.weight_files import WeightsError
from engine.models.weight_fit import depth_note
from engine.models.weights import read_weights
from engine.training.failures import explain


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
    said = r"other shape conv1.weight \(64, 3, 3, 3\) for \(64, 3, 7, 7\); its stem looks like cifar$"
    with pytest.raises(WeightsError, match=said):
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
    assert f"would call {os.mkdir.__module__}.mkdir" in refusal(tmp_path / "hostile.pth")
    assert not trace.exists()
    pickle.loads(pickle.dumps(Hostile(trace)))
    assert trace.exists(), "the file would have run code"


@pytest.mark.parametrize("name", ["junk.pth", "junk.pt", "junk.safetensors", "junk.bin", "junk"])
@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "is empty"),
        (b"not weights at all" * 20, "but text: save"),
        (bytes(range(256)), "is damaged or no weights file"),
        (b"<!DOCTYPE html><html>", "but an HTML page: download the file itself"),
        (
            b"version https://git-lfs.github.com/spec/v1\noid",
            "but a Git LFS pointer: fetch the file itself with",
        ),
        (b"\x89HDF\r\n\x1a\n" + bytes(40), "but an HDF5 file, as Keras writes it"),
        (b"\x1f\x8b" + bytes(40), "but a gzip archive: unpack it"),
        (pickle.dumps({"conv1.weight": 1}), "but a pickle that torch did not write"),
        (b'{"weight_map": {}}', "but JSON text"),
    ],
)
def test_files_of_another_kind_are_named(name: str, content: bytes, says: str, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(content)
    assert says in refusal(tmp_path / name)


@pytest.mark.parametrize(
    ("member", "says"),
    [
        ("x/constants.pkl", "is a TorchScript archive"),
        ("model.weights.h5", "is a Keras model"),
        ("arr_0.npy", "is an array file of NumPy"),
        ("resnet.pth", "is a zip archive without weights"),
    ],
)
def test_archives_of_another_kind_are_named(member: str, says: str, tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.pt", "w") as archive:
        archive.writestr(member, b"content")
    assert says in refusal(tmp_path / "a.pt")


def test_a_folder_is_named(tmp_path: Path) -> None:
    assert refusal(tmp_path).startswith(f"{tmp_path} is a folder: give the path of a file")


def test_truncated_files_are_refused(tmp_path: Path) -> None:
    torch.save(dict(small_state()), tmp_path / "whole.pth")
    (tmp_path / "cut.pth").write_bytes((tmp_path / "whole.pth").read_bytes()[:50_000])
    (tmp_path / "cut.safetensors").write_bytes(weights_bytes(small_state(), {})[:50_000])
    for name in ("cut.pth", "cut.safetensors"):
        assert "damaged" in refusal(tmp_path / name)


def test_files_that_are_no_weights(tmp_path: Path) -> None:
    assert "no weights file" in refusal(tmp_path / "absent.pth")
    (tmp_path / "notes.txt").write_text("hello")
    assert "but text" in refusal(tmp_path / "notes.txt")
    torch.save({"epoch": 3}, tmp_path / "numbers.pth")
    assert "holds no state dict: save model.state_dict()" in refusal(tmp_path / "numbers.pth")
    torch.save([1, 2], tmp_path / "list.pth")
    assert "holds no state dict" in refusal(tmp_path / "list.pth")
    (tmp_path / "net.onnx").write_bytes(b"\x08\x07\x12\x07pytorch\x1a\xff")
    assert "but an ONNX model" in refusal(tmp_path / "net.onnx")


@pytest.mark.parametrize(
    ("name", "value"),
    [("conv1.weight", math.nan), ("layer4.1.bn2.running_var", math.inf), ("fc.bias", -math.inf)],
)
def test_numbers_that_are_not_finite_are_the_files_fault(tmp_path: Path, name: str, value: float) -> None:
    state = {key: tensor.clone() for key, tensor in small_state().items()}
    state[name].view(-1)[-1] = value
    torch.save({"model": state}, tmp_path / "nan.pth")
    message = refusal(tmp_path / "nan.pth")
    assert f"holds NaN or infinity, so nothing can start from it: {name}; take a checkpoint" in message
    cause, _, suggestion = explain(WeightsError(message), small_spec())
    assert cause == "data" and "lr" not in suggestion


def test_tensors_of_another_type_are_refused(tmp_path: Path) -> None:
    weight = small_state()["conv1.weight"]
    for other, says in ((weight.to(torch.int8), "int8"), (weight.to_sparse(), "sparse_coo float32")):
        torch.save({**small_state(), "conv1.weight": other}, tmp_path / "other.pth")
        assert f"other type conv1.weight {says}" in refusal(tmp_path / "other.pth")


def test_a_whole_network_is_never_run(tmp_path: Path) -> None:
    for number, content in enumerate((torch.nn.Linear(2, 2), {"model": torch.nn.Linear(2, 2), "epoch": 3})):
        torch.save(content, tmp_path / f"{number}.pth")
        message = refusal(tmp_path / f"{number}.pth")
        assert "holds a whole network, torch.nn.modules.linear.Linear, which is never run: save" in message
