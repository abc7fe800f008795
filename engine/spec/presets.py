"""Presets: named settings that fill the fields that the user leaves out."""

from collections.abc import Mapping
from typing import Any

from engine.spec.constants import BUILTIN_DEFAULTS
from engine.spec.grid import SpecError
from engine.spec.run_spec import ARCHS

FOURFOLD_FLIPS = "flip4"
"""Augmentation of the assignment: horizontal and vertical flips, "one image becomes four"."""

_LAB: dict[str, Any] = {
    "optimizer": "sgd",
    "momentum": 0.9,
    "weight_decay": 5e-4,
    "batch_size": 4,
    "lr": 1e-3,
    "schedule": "constant",
    "loss": "ce",
    "image_size": 512,
    "augment": FOURFOLD_FLIPS,
}
PRESETS: dict[str, dict[str, Any]] = {"lab": _LAB, "seed": {**_LAB, "lr": 1e-4}}
"""`lab`: settings of the course's assignment; `seed`: the same with the lr of the study's figures."""

PRESET_EPOCHS = {"resnet18": 10, "resnet34": 10, "resnet50": 5, "resnet101": 5, "resnet152": 5}
"""Epochs of the presets: the assignment's 10 for ResNet-18 and 5 for ResNet-50, the others by their block."""


def with_preset(name: str, settings: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the settings of one grid for each number of epochs; given settings override the preset's.

    Built-in data keep their own image size and augmentation. Raises SpecError for an unknown name."""
    if name not in PRESETS:
        raise SpecError({"preset": f"{name!r} is unknown: choose from {', '.join(PRESETS)}"})
    given = {field: value for field, value in settings.items() if value is not None}
    filled = {**PRESETS[name], **BUILTIN_DEFAULTS.get(str(given.get("data")), {}), **given}
    if "epochs" in given:
        return [filled]
    archs = given.get("arch", ARCHS[0])
    by_epochs: dict[int, list[str]] = {}
    for arch in [archs] if isinstance(archs, str) else archs:
        by_epochs.setdefault(PRESET_EPOCHS.get(arch, 10), []).append(arch)
    return [{**filled, "arch": names, "epochs": epochs} for epochs, names in by_epochs.items()]
