"""Presets: named settings that fill the fields that the user leaves out."""

from collections.abc import Mapping
from typing import Any

from engine.spec.archs import DEFAULT_ARCH, find_arch
from engine.spec.constants import BUILTIN_DEFAULTS
from engine.spec.grid import SpecError
from engine.spec.plugin_name import plugin_of

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


def with_preset(name: str, settings: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the settings of one grid for each number of epochs; given settings override the preset's.

    Built-in data keep their own image size and augmentation. Raises SpecError for an unknown name, and for a plug-in
    without epochs."""
    if name not in PRESETS:
        raise SpecError({"preset": f"{name!r} is unknown: choose from {', '.join(PRESETS)}"})
    given = {field: value for field, value in settings.items() if value is not None}
    filled = {**PRESETS[name], **BUILTIN_DEFAULTS.get(str(given.get("data")), {}), **given}
    if "epochs" in given:
        return [filled]
    archs = given.get("arch", DEFAULT_ARCH)
    by_epochs: dict[int | None, list[str]] = {}
    for arch in [archs] if isinstance(archs, str) else archs:
        by_epochs.setdefault(_epochs(name, arch), []).append(arch)
    return [{**filled, "arch": names, "epochs": epochs} for epochs, names in by_epochs.items()]


def _epochs(preset: str, arch: str) -> int | None:
    """None for a name that is no architecture, which the spec refuses. Raises SpecError for a plug-in."""
    if plugin_of(arch) is not None:
        raise SpecError({"epochs": f"preset {preset} has no number of epochs for {arch}: give epochs"})
    info = find_arch(arch)
    return None if info is None else info.preset_epochs
