"""Settings with which no run can start, on a folder of three unordered classes, and the weights files they name."""

from pathlib import Path
from typing import Any

import torch
from pictures import class_folders
from weight_bytes import weights_bytes

from engine.models.resnet import resnet

DATA = "pets"
BAD_RUNS: tuple[tuple[dict[str, Any], set[tuple[str, str]]], ...] = (
    ({"data": "nowhere"}, {("data", "no_layout")}),
    ({"images": "nowhere"}, {("images", "no_layout")}),
    ({"select_on": "val_acc"}, {("select_on", "selection")}),
    ({"select_on": "test_kappa"}, {("select_on", "selection")}),
    ({"loss": "mse-ordinal"}, {("loss", "loss")}),
    ({"pretrained": "gone.pth"}, {("pretrained", "no_weights")}),
    ({"pretrained": "cut.safetensors"}, {("pretrained", "weights")}),
    ({"pretrained": "foreign.pth"}, {("pretrained", "weights")}),
    ({"pretrained": "pickle.pth"}, {("pretrained", "weights")}),
    ({"pretrained": "notes.txt"}, {("pretrained", "weights")}),
    ({"pretrained": "deeper.safetensors"}, {("pretrained", "weights")}),
    ({"pretrained": "plain.safetensors", "epochs": 0}, {("pretrained", "weights")}),
    ({"pretrained": "run:99"}, {("pretrained", "no_source")}),
    ({"pretrained": "run:2"}, {("pretrained", "source_arch")}),
    ({"pretrained": "imagenet", "epochs": 0}, {("pretrained", "classes")}),
    (
        {"pretrained": "foreign.pth", "select_on": "val_acc", "loss": "mse-ordinal"},
        {("pretrained", "weights"), ("select_on", "selection"), ("loss", "loss")},
    ),
)
"""Each with the field and kind of every error that preflight finds."""


def make_files(root: Path) -> None:
    """The data, and weights files that are damaged, of other networks, or without a head of these classes."""
    class_folders(root / DATA, each=3)
    state = _tiny_state("resnet18")
    whole = weights_bytes(state, {"class_names": ["a", "b"]})
    (root / "cut.safetensors").write_bytes(whole[: len(whole) // 2])
    deeper = {**_tiny_state("resnet34"), "layer1.0.conv2.weight": torch.zeros(64, 64, 3, 3)}
    (root / "deeper.safetensors").write_bytes(weights_bytes(deeper, {}))
    (root / "plain.safetensors").write_bytes(weights_bytes(_state("resnet18"), {}))
    torch.save({"encoder.weight": torch.zeros(2)}, root / "foreign.pth")
    torch.save({"model": Path("/")}, root / "pickle.pth")
    (root / "notes.txt").write_text("weights")


def _state(arch: str) -> dict[str, torch.Tensor]:
    return dict(resnet(arch, 3, "3x3", zero_init_residual=False).state_dict())


def _tiny_state(arch: str) -> dict[str, torch.Tensor]:
    """All names of a network, with a single number each."""
    with torch.device("meta"):
        names = resnet(arch, 3, "3x3", zero_init_residual=False).state_dict()
    return {name: torch.zeros(1) for name in names}
