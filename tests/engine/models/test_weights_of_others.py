"""Checkpoints as other programs write them: their weights are found by names and shapes, whatever lies around them."""

import argparse
import functools
import pickle
from collections import OrderedDict, defaultdict
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor, nn
from torchvision.models import resnet18
from weight_states import small_state

from engine.models.found_states import find_states
from engine.models.layers import BuiltModel, Layers
from engine.models.resnet import build_model
from engine.models.weight_files import WeightsError, read_content
from engine.models.weight_fit import Fit, Network, fit_state
from engine.models.weights import apply_weights, read_weights


class Settings(dict[str, object]):
    """Dict of a training script's own."""


class Logged:
    """Object of a training script's own."""

    def __init__(self) -> None:
        self.losses = [0.3]


def named(prefix: str, state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    return {prefix + name: tensor for name, tensor in state.items()}


@cache
def tiny() -> Mapping[str, Tensor]:
    """A few tensors of a small network, by the names of a ResNet's."""
    first = {"conv1.weight": torch.rand(2, 3, 7, 7), "fc.weight": torch.rand(5, 3), "fc.bias": torch.rand(5)}
    for norm in ("bn1", "layer1.0.bn1", "layer4.1.bn2"):
        first |= named(f"{norm}.", nn.BatchNorm2d(2).state_dict())
    convolutions = ("layer1.0.conv1", "layer2.0.downsample.0", "layer3.0.conv2", "layer4.1.conv2")
    return first | {f"{name}.weight": torch.rand(2, 2, 3, 3) for name in convolutions}


def whole() -> dict[str, Tensor]:
    return dict(tiny())


def body() -> dict[str, Tensor]:
    return {name: tensor for name, tensor in tiny().items() if not name.startswith("fc.")}


def fit(path: Path) -> Fit:
    """Find the tiny network in a file."""
    found = find_states(read_content(path), path.name)
    return fit_state(found, Network({**tiny(), "fc.weight": torch.rand(2, 3)}, "fc", path.name, "resnet18"))


def has_body(found: Fit) -> bool:
    return all(torch.equal(found.state[name], tensor) for name, tensor in body().items())


WRAPPERS = (
    "model_state_dict",
    "state_dict",
    "model",
    "net",
    "network",
    "ema",
    "ema_state_dict",
    "weights",
    "their own",
)
PREFIXES = (
    "module.", "model.", "net.", "backbone.", "encoder.", "_orig_mod.", "resnet.", "module._orig_mod.",
    "model.backbone.", "_orig_mod.module.model.encoder.", "backbone.0.body.",
)  # fmt: skip


@pytest.mark.parametrize("key", WRAPPERS)
def test_any_key_is_taken_off(tmp_path: Path, key: str) -> None:
    torch.save(
        {"epoch": 3, "loss": 0.1, key: whole(), "optimizer": {"state": {0: torch.ones(2)}}},
        tmp_path / "a.tar",
    )
    found = fit(tmp_path / "a.tar")
    assert has_body(found) and "fc.weight" in found.state
    assert (found.taken, found.others, found.left) == (f" (key {key})", "", "")


@pytest.mark.parametrize("prefix", PREFIXES)
@pytest.mark.parametrize("name", ["a.ckpt", "a.safetensors"])
def test_any_prefix_is_taken_off(tmp_path: Path, prefix: str, name: str) -> None:
    state = named(prefix, whole())
    if name.endswith(".safetensors"):
        save_file(state, tmp_path / name)
    else:
        torch.save(state, tmp_path / name)
    found = fit(tmp_path / name)
    assert has_body(found) and found.taken == f" (prefix {prefix})"


@pytest.mark.parametrize(
    "suffix", [".pth", ".pt", ".ckpt", ".pth.tar", ".tar", ".bin", ".safetensors", ".pkl", ".model", ""]
)
def test_the_content_tells_and_not_the_suffix(tmp_path: Path, suffix: str) -> None:
    for write in (torch.save, save_file):
        write(whole(), tmp_path / f"a{suffix}")
        assert has_body(fit(tmp_path / f"a{suffix}"))


HARMLESS: dict[str, Any] = {
    "namespace": argparse.Namespace(lr=0.1, path=Path("/data"), nested=argparse.Namespace(a=[1])),
    "numpy": [np.float64(0.5), np.arange(3), np.random.default_rng(0)],
    "partial": functools.partial(max, 1),
    "dicts": [OrderedDict(a=1), defaultdict(list, a=[1]), Settings(a=1), {"a": {1, 2}, "b": frozenset((3,))}],
    "object": Logged(),
    "class": nn.Linear,
    "module": nn.Linear(2, 2),
}


@pytest.mark.filterwarnings("ignore:Detected pickle protocol")
@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
@pytest.mark.parametrize("harmless", HARMLESS)
def test_what_is_no_tensor_is_left_aside(tmp_path: Path, harmless: str, protocol: int) -> None:
    content = {"args": HARMLESS[harmless], "model": whole(), "epoch": 3}
    torch.save(content, tmp_path / "a.pth", pickle_protocol=protocol)
    with pytest.raises(pickle.UnpicklingError):
        torch.load(tmp_path / "a.pth", weights_only=True)
    found = fit(tmp_path / "a.pth")
    assert has_body(found) and found.taken == " (key model)"


@pytest.mark.parametrize("harmless", HARMLESS)
def test_what_is_no_tensor_is_left_aside_in_old_files_too(tmp_path: Path, harmless: str) -> None:
    content = {"args": HARMLESS[harmless], "model": named("module.", whole())}
    torch.save(content, tmp_path / "a.pth", _use_new_zipfile_serialization=False)
    found = fit(tmp_path / "a.pth")
    assert has_body(found) and found.taken == " (key model, prefix module.)"


@pytest.mark.parametrize("zipped", [True, False])
def test_tensors_beside_what_is_no_tensor_are_read_as_torch_reads_them(tmp_path: Path, zipped: bool) -> None:
    base = torch.arange(24.0).reshape(2, 3, 4)
    tensors = {
        "whole": base, "part": base[1:, :2], "turned": base.permute(2, 0, 1), "spread": base[:1].expand(5, 3, 4),
        "scalar": torch.tensor(3), "empty": torch.zeros(0, 3), "parameter": nn.Parameter(base),
        "half": base.half(), "bf16": base.bfloat16(), "flags": base > 3, "bytes": base.byte(),
    }  # fmt: skip
    content = {"state": Settings(tensors), "args": argparse.Namespace()}
    torch.save(content, tmp_path / "a.pth", _use_new_zipfile_serialization=zipped)
    read = read_content(tmp_path / "a.pth")
    assert isinstance(read, dict)
    for name, tensor in tensors.items():
        found = read["state"][name]
        assert found.dtype == tensor.dtype and torch.equal(found, tensor.detach()), name


@pytest.mark.parametrize(
    ("content", "taken", "others", "left"),
    [
        ({"model": whole(), "model_ema": named("module.", whole())}, "key model", "key model_ema, prefix module.", ""),
        ({"ema": whole(), "net": whole()}, "key net", "key ema", ""),
        (
            {"student": named("module.backbone.", body()), "teacher": named("backbone.", body())},
            "key teacher, prefix backbone.",
            "key student, prefix module.backbone.",
            "",
        ),
        (
            named("module.encoder_k.", body())
            | named("module.encoder_q.", {**body(), "fc.0.weight": torch.zeros(2)})
            | {"module.queue": torch.zeros(2)},
            "prefix module.encoder_q.",
            "prefix module.encoder_k.",
            "; left: module.encoder_q.fc.0.weight, module.queue",
        ),
        (
            {"state_dict": {**named("model.backbone.", body()), "model.head.weight": torch.zeros(2, 512)}},
            "key state_dict, prefix model.backbone.",
            "",
            "; left: model.head.weight",
        ),
        ({"outer": {"inner": [1, {"deep": whole()}]}}, "key outer.inner.1.deep", "", ""),
    ],
)  # fmt: skip
def test_of_several_weights_it_is_said_which_are_taken(
    tmp_path: Path, content: object, taken: str, others: str, left: str
) -> None:
    torch.save(content, tmp_path / "a.pth")
    found = fit(tmp_path / "a.pth")
    assert has_body(found) and (found.taken, found.others, found.left) == (f" ({taken})", others, left)


@pytest.mark.parametrize(
    "head", ["head.weight", "classifier.weight", "fc.1.weight", "projector.0.weight", "last.a.weight"]
)
def test_heads_of_others_are_left_and_ours_is_fresh(tmp_path: Path, head: str) -> None:
    state = {name: tensor for name, tensor in small_state().items() if not name.startswith("fc.")}
    torch.save({"model": {**state, head: torch.zeros(7, 512)}}, tmp_path / "a.pth")
    model = build_model("resnet18", 5, seed=0)
    fresh = model.state_dict()["fc.weight"].clone()
    weights = read_weights(str(tmp_path / "a.pth"), arch="resnet18", name="a.pth")
    loaded = apply_weights(
        BuiltModel("resnet18", model, Layers("fc", "conv1"), None), weights, class_names=list("abcde")
    )
    assert (
        loaded.note == f"weights of a.pth (key model); fresh head: the file has none that fits; left: {head}"
    )
    assert torch.equal(model.state_dict()["fc.weight"], fresh)
    assert torch.equal(model.state_dict()["layer4.1.conv2.weight"], state["layer4.1.conv2.weight"])


def test_tensors_within_the_body_are_another_network(tmp_path: Path) -> None:
    """A ResNet-34 has all names of a ResNet-18, of the same shapes."""
    torch.save(named("module.", {**whole(), "layer1.2.conv1.weight": torch.zeros(2)}), tmp_path / "a.pth")
    with pytest.raises(
        WeightsError, match=r"\(prefix module\.\) does not fit resnet18: unexpected layer1.2.conv1.weight"
    ):
        fit(tmp_path / "a.pth")


def test_parts_that_nn_sequential_numbers(tmp_path: Path) -> None:
    network = resnet18()
    network.load_state_dict(small_state(num_classes=1000))
    numbered = nn.Sequential(*list(network.children())[:-1]).state_dict()
    torch.save({"state_dict": named("backbone.", numbered)}, tmp_path / "a.ckpt")
    weights = read_weights(str(tmp_path / "a.ckpt"), arch="resnet18")
    assert weights is not None and weights.fit is not None
    assert weights.fit.taken == " (key state_dict, prefix backbone., numbered parts)"
    wanted = {name: tensor for name, tensor in small_state(num_classes=1000).items() if "fc." not in name}
    assert weights.fit.state.keys() == wanted.keys()
    assert all(torch.equal(weights.fit.state[name], tensor) for name, tensor in wanted.items())


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float64])
def test_other_number_types_are_converted(tmp_path: Path, dtype: torch.dtype) -> None:
    state = {
        name: tensor.to(dtype) if tensor.is_floating_point() else tensor for name, tensor in whole().items()
    }
    torch.save(state, tmp_path / "a.pth")
    found = fit(tmp_path / "a.pth")
    weight = found.state["conv1.weight"]
    assert weight.dtype == torch.float32 and torch.equal(weight, state["conv1.weight"].float())
    assert found.left == f"; converted from {str(dtype).removeprefix('torch.')}"
