"""Spec of a run: its settings, what follows from them, and their digests."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from typing import Any, Literal, get_args

from engine.metrics.selection import selections
from engine.recipes import augmentations
from engine.recipes.registries import REGISTRIES
from engine.recipes.schedules import SCHEDULES
from engine.spec.pretrained import RUN_PREFIX
from engine.spec.run_settings import RunSettings

NO_RESULT = frozenset({"allow_leak", "ordered"})
"""Fields that change nothing that is trained: they decide whether a run starts, or which numbers are computed of it."""
DIVIDES = frozenset({"gpus", "sync_batchnorm"})
"""Fields that divide batches among devices. A run can go on under others: its images and their order are the same."""
VARIED = frozenset({"seed", "split_seed", "fold"})
"""Fields in which the runs of one group differ: repetitions of one recipe."""
DECIDES_MEMORY = frozenset({
    "data", "augment", "image_size", "arch", "implementation", "bottleneck_stride", "stem", "head", "batch_size",
    "micro_batch", "optimizer", "precision", "deterministic", "gpus", "compile", "cuda_graphs",
})  # fmt: skip
"""Fields that decide how much memory of a card a run takes, beside those of `RunSpec.memory_digest`: what of it the
packed images take goes with the data."""


class RunSpec(RunSettings):
    """Settings of a run, which determine its result, with what follows from them."""

    @property
    def class_list(self) -> tuple[str, ...]:
        """Class names one by one; empty where they are taken from the data."""
        return tuple(self.class_names.split(",")) if self.class_names else ()

    @property
    def source_run(self) -> int | None:
        """Number of the run whose best weights this one starts from; None for any other source."""
        return (
            int(self.pretrained.removeprefix(RUN_PREFIX)) if self.pretrained.startswith(RUN_PREFIX) else None
        )

    @property
    def network(self) -> str:
        """Return the network that weights must be of to fit: the arch, and the stem if it is not the default."""
        return self.arch if self.stem == "imagenet" else f"{self.arch} with stem {self.stem}"

    @property
    def needs_card(self) -> bool:
        """True where only a worker with a graphics card can train the run."""
        return self.precision == "fp16"

    @property
    def divides_batch_norm(self) -> bool:
        """True where BatchNorm sees parts of a batch on several devices, unless it never learns."""
        return self.gpus > 1 and not self.sync_batchnorm and self.freeze_epochs < self.epochs

    @property
    def trained_part(self) -> Literal["nothing", "head", "all"]:
        """Return the layers that a run trains in the end."""
        if not self.epochs:
            return "nothing"
        return "all" if self.freeze_epochs < self.epochs else "head"

    @property
    def first_whole_epoch(self) -> int:
        """Return the first epoch that has trained all layers which the run trains; 0 where it only evaluates."""
        return {"nothing": 0, "head": 1, "all": self.freeze_epochs + 1}[self.trained_part]

    @property
    def passes(self) -> int:
        """Return how often an epoch shows each training image."""
        return augmentations.passes_of(self.augment)

    @property
    def test_over_train(self) -> float:
        """Return `test_over_train` of its settings."""
        return test_over_train(self.folds, self.test_fraction, self.val_fraction, self.epochs)

    @property
    def images_at_once(self) -> int:
        """Largest number of images that go through the network together."""
        return self.micro_batch or self.batch_size

    @property
    def packed_px(self) -> int:
        """Return the side at which images are packed: with a margin where they are rotated or cropped."""
        return augmentations.packed_px(self.image_size, self.augment)

    def to_json(self) -> str:
        """Return canonical JSON: equal specs give equal text."""
        return json.dumps(self.model_dump(), sort_keys=True, separators=(",", ":"))

    def digest(self) -> str:
        """Hash all settings that determine the result; equal digests are repeats."""
        return self._digest(self._no_result)

    def training_digest(self) -> str:
        """Hash all settings that determine a training step, but not the devices that share it; equal where one run is
        the beginning of the other."""
        left_out = NO_RESULT | DIVIDES
        return self._digest(left_out | {"epochs"} if self.is_extendable else left_out)

    def group_digest(self) -> str:
        """Hash all settings but those that vary between repetitions; equal for the runs of one group."""
        return self._digest(self._no_result | VARIED)

    def memory_digest(self) -> str:
        """Hash all that decides how much memory of a card a run takes."""
        kept = self.model_dump(include=set(DECIDES_MEMORY), exclude_defaults=True)
        return _hashed(kept | {"has_momentum": self.momentum > 0, "trains": self.trained_part})

    @property
    def _no_result(self) -> frozenset[str]:
        return NO_RESULT if self.divides_batch_norm else NO_RESULT | DIVIDES

    @property
    def is_extendable(self) -> bool:
        """Return whether more epochs leave those before them as they are."""
        return SCHEDULES[self.schedule].is_extendable and self.epochs > 0

    def is_out_of_patience(self, epoch: int, best_epoch: int | None) -> bool:
        """Return whether patience ends the run with an epoch; `best_epoch` is None where there is no best yet."""
        return 0 < self.patience <= epoch - (best_epoch or 0)

    def _digest(self, left_out: frozenset[str]) -> str:
        # Fields at their defaults are left out, so that a field added by a later version changes no digest.
        return _hashed(self.model_dump(exclude=set(left_out), exclude_defaults=True))


def _hashed(kept: Mapping[str, Any]) -> str:
    text = json.dumps(kept, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def test_over_train(folds: int, test_fraction: float, val_fraction: float, epochs: int) -> float:
    """Return about how many test images there are to a training image where the split is drawn; 0 where nothing is
    trained. What the training images of different splits have in common follows from it."""
    share = 1 / folds if folds else test_fraction
    return share / ((1 - share) * (1 - val_fraction)) if epochs and share < 1 else 0.0


def _extra(name: str, key: str) -> Any:
    extra = RunSpec.model_fields[name].json_schema_extra
    assert isinstance(extra, dict)
    return extra[key]


FIELDS: tuple[str, ...] = tuple(RunSpec.model_fields)
DEFAULTS: dict[str, Any] = {name: RunSpec.model_fields[name].default for name in FIELDS}
"""Of specs that an older version wrote without a field."""
GROUP_OF: dict[str, str] = {name: _extra(name, "group") for name in FIELDS}
GRID_FIELDS: tuple[str, ...] = tuple(name for name in FIELDS if _extra(name, "grid"))


def settings_of(spec: str, names: Iterable[str]) -> dict[str, Any]:
    """Return some settings of a spec's JSON."""
    written = json.loads(spec)
    return {name: written.get(name, DEFAULTS[name]) for name in names}


def is_number(name: str) -> bool:
    """Return True for a setting that is always a number."""
    return RunSpec.model_fields[name].annotation in (int, float)


def is_switch(name: str) -> bool:
    """Return True for a setting that is on or off."""
    return RunSpec.model_fields[name].annotation is bool


def choices_of(name: str) -> tuple[str, ...]:
    """Return the words that a field takes, from its registry or type, or those that it takes besides other values;
    empty for other fields."""
    if name in REGISTRIES:
        return tuple(REGISTRIES[name])
    if name == "select_on":
        return selections()
    return tuple(_extra(name, "words")) or tuple(map(str, get_args(RunSpec.model_fields[name].annotation)))
