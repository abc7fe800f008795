"""Presets: named settings that fill the fields that the user leaves out, each with its source."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from engine.recipes.entry import Entry, by_name
from engine.spec.archs import ARCH_INFOS, DEFAULT_ARCH, find_arch
from engine.spec.constants import BUILTIN_DEFAULTS
from engine.spec.grid import SpecError
from engine.spec.plugin_name import plugin_of

FOURFOLD_FLIPS = "flip4"
"""Augmentation of the assignment: horizontal and vertical flips, "one image becomes four"."""


@dataclass(frozen=True, kw_only=True)
class PresetInfo(Entry):
    """Preset. Settings that it does not name stay at their defaults."""

    source: str
    """Source of its settings."""
    settings: Mapping[str, Any]
    """By field. Without `epochs` each architecture has its own number of them."""

    def in_words(self, without: Collection[str] = ()) -> str:
        """Return its settings on one line, without some fields: `optimizer sgd, lr 0.001, …`."""
        settings = self.all_settings().items()
        return ", ".join(f"{field} {value}" for field, value in settings if field not in without)

    def all_settings(self) -> dict[str, Any]:
        """Return the settings; epochs in words where they depend on the architecture."""
        return (
            dict(self.settings)
            if "epochs" in self.settings
            else {**self.settings, "epochs": _epochs_in_words()}
        )


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
PRESETS = by_name(
    PresetInfo(
        name="lab",
        description="the course's assignment",
        source="assignment of a lab course: grade diabetic retinopathy from fundus photographs with ResNet-18 and -50",
        settings=_LAB,
    ),
    PresetInfo(
        name="seed",
        description="the assignment at the learning rate of its study's figures",
        source="discussion of a student's study of that assignment, whose figures use SGD at lr 1e-4; else as lab",
        settings={**_LAB, "lr": 1e-4},
    ),
    PresetInfo(
        name="medmnist",
        description="MedMNIST's benchmark at 28 px; needs a val split",
        source="Yang et al., MedMNIST v2, Scientific Data 10:41 (2023), and the authors' code (MedMNIST/experiments)",
        settings={
            "optimizer": "adam",
            "weight_decay": 0.0,
            "batch_size": 128,
            "lr": 1e-3,
            "schedule": "step",
            "epochs": 100,
            "loss": "ce",
            "image_size": 28,
            "resize": "nearest",
            "normalize": "half",
            "augment": "none",
            "stem": "cifar",
            "pretrained": "none",
            "select_on": "val_auc",
        },
    ),
)


def find_preset(name: str) -> PresetInfo:
    """Raises SpecError for an unknown name."""
    if name not in PRESETS:
        raise SpecError({"preset": f"{name!r} is unknown: choose from {', '.join(PRESETS)}"})
    return PRESETS[name]


def with_preset(name: str, settings: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the settings of one grid for each number of epochs; given settings override the preset's.

    Built-in data keep their own image size and augmentation. Raises SpecError for an unknown name, and for a plug-in
    without epochs."""
    preset = find_preset(name)
    given = {field: value for field, value in settings.items() if value is not None}
    filled = {**preset.settings, **BUILTIN_DEFAULTS.get(str(given.get("data")), {}), **given}
    if "epochs" in filled:
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


def _epochs_in_words() -> str:
    """Return the epochs of each architecture: `10 (resnet18, resnet34), 5 (others)`."""
    by_epochs: dict[int, list[str]] = {}
    for name, info in ARCH_INFOS.items():
        by_epochs.setdefault(info.preset_epochs, []).append(name)
    *few, most = sorted(by_epochs, key=lambda epochs: len(by_epochs[epochs]))
    return ", ".join([*(f"{epochs} ({', '.join(by_epochs[epochs])})" for epochs in few), f"{most} (others)"])
