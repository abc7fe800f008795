"""Spec of a run: its settings, with types, limits and defaults."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any, Literal, get_args

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from engine.spec import augmentation
from engine.spec.conflicts import conflicts
from engine.spec.constants import BUILTIN_DEFAULTS, RUN_PREFIX

Arch = Literal["resnet18", "resnet34", "resnet50", "resnet101", "resnet152"]
ARCHS: tuple[str, ...] = get_args(Arch)

Selection = Literal["test_acc", "test_balanced_acc", "test_kappa", "val_acc", "val_balanced_acc", "val_kappa"]

Loss = Literal["ce", "ce-sqrt", "ce-balanced", "class-balanced", "logit-adjusted", "mse-ordinal"]
ORDINAL_LOSS = "mse-ordinal"
"""Loss of a network with one output, the grade."""

DEFAULT_LR = {"sgd": 0.01, "adamw": 3e-4}
# Defaults that depend on other fields, in words.
DEPENDENT_DEFAULTS = {
    "lr": "0.01; adamw: 0.0003",
    "image_size": "224; built-in data: their own",
    "augment": "flip; digits: none",
    "test_fraction": "0.2; epochs 0: 1",
    **dict.fromkeys(
        ("images", "image_column", "label_column", "split_column", "group_column", "class_names"), "found"
    ),
}
NO_RESULT = frozenset({"allow_leak"})
"""Fields that decide whether a run starts, but do not change its result."""


def setting(default: Any, description: str, group: str, *, grid: bool = False, **limits: Any) -> Any:
    """Declare a field of a spec; `group` is its heading in help and forms, a `grid` field takes lists."""
    return Field(default, description=description, json_schema_extra={"group": group, "grid": grid}, **limits)


class RunSpec(BaseModel):
    """Settings that determine a run's result."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    data: str = setting(..., "folder or file with images, or digits, fundus, fundus-balanced", "Data")
    images: str = setting("", "folder of the images, where it is not beside the table or below it", "Data")
    image_column: str = setting("", "column of image names, by heading or number", "Data")
    label_column: str = setting("", "column of labels", "Data")
    split_column: str = setting("", "column that says train, val or test", "Data")
    group_column: str = setting("", "column of what must stay in one split, such as the patient", "Data")
    class_names: str = setting(
        "", "names of the classes in their order, separated by commas; words become grades by it", "Data"
    )
    image_size: int = setting(224, "side of the square input in pixels", "Data", grid=True, ge=16, le=1024)
    fit: Literal["crop", "pad", "stretch"] = setting(
        "crop", "how an image that is not square becomes so", "Data", grid=True
    )
    preprocess: Literal["none", "graham"] = setting(
        "none",
        "graham: the eye cropped out, its local mean taken away; train and test alike",
        "Data",
        grid=True,
    )
    augment: str = setting(
        "flip",
        "change training images at random: none, or flip, flip4 (all four mirrorings, 4 passes an epoch), rotate, "
        "crop joined by +",
        "Data",
        grid=True,
    )
    on_bad: Literal["fail", "skip"] = setting(
        "fail", "what an image that is missing or cannot be read does", "Data"
    )
    test_fraction: float = setting(
        0.2, "share of images to test on where the data have no test split", "Data", gt=0, le=1
    )
    val_fraction: float = setting(
        0.0,
        "share of the training images to validate on where the data have no val split",
        "Data",
        ge=0,
        lt=1,
    )

    arch: Arch = setting("resnet18", "depth of the network", "Network", grid=True)
    implementation: Literal["own", "torchvision"] = setting("own", "whose ResNet code", "Network")
    bottleneck_stride: Literal["3x3", "1x1"] = setting(
        "3x3", "where a bottleneck strides: 3x3 as torchvision, 1x1 as the paper", "Network"
    )
    head: Literal["linear", "dropout"] = setting(
        "linear", "the last layer; dropout zeroes half of its inputs while training", "Network", grid=True
    )
    pretrained: str = setting(
        "none",
        "none, imagenet, imagenet-v1, imagenet-v2, a weights file, or run:ID (that run's best)",
        "Network",
        grid=True,
    )
    allow_leak: bool = setting(
        False, "start even from weights that were trained on images of the val or test split", "Network"
    )
    freeze_epochs: int = setting(
        0, "train the head alone for so many epochs first", "Network", grid=True, ge=0, le=1_000_000
    )

    epochs: int = setting(
        10, "passes over the training images; 0 only evaluates", "Training", grid=True, ge=0, le=1_000_000
    )
    batch_size: int = setting(32, "images a step", "Training", grid=True, ge=1, le=1_000_000)
    micro_batch: int = setting(
        0, "images in memory at once, their gradients summed; 0: the batch", "Training", ge=0, le=1_000_000
    )
    lr: float = setting(0.01, "learning rate", "Training", grid=True, gt=0)
    optimizer: Literal["sgd", "adamw"] = setting("sgd", "optimiser", "Training", grid=True)
    momentum: float = setting(0.9, "momentum of sgd", "Training", ge=0, lt=1)
    weight_decay: float = setting(5e-4, "weight decay", "Training", grid=True, ge=0)
    nesterov: bool = setting(False, "Nesterov momentum of sgd", "Training")
    schedule: Literal["constant", "step", "cosine", "onecycle"] = setting(
        "cosine", "learning rate over the run", "Training", grid=True
    )
    warmup_epochs: float = setting(0.0, "epochs over which the learning rate rises first", "Training", ge=0)
    clip_norm: float = setting(0.0, "longest gradient that a step takes; 0: any", "Training", ge=0)
    loss: Loss = setting("ce", "what a step makes smaller", "Training", grid=True)
    label_smoothing: float = setting(
        0.0, "share of each label given to all classes alike", "Training", ge=0, lt=1
    )
    sampler: Literal["shuffle", "balanced"] = setting(
        "shuffle", "each image once an epoch, or all classes equally often", "Training", grid=True
    )
    select_on: Selection = setting(
        "test_acc", "what chooses the best epoch; val_… needs a val split", "Training"
    )
    patience: int = setting(
        0, "stop after so many epochs without a better one; 0: never", "Training", ge=0, le=1_000_000
    )
    eval_train: bool = setting(
        False, "measure the train images too, after the last epoch and not augmented", "Training"
    )
    seed: int = setting(0, "of weights, shuffling and augmentation", "Training", grid=True, ge=0, lt=2**31)

    precision: Literal["auto", "bf16", "fp16", "fp32"] = setting(
        "auto", "number format of the arithmetic", "Machine", grid=True
    )
    deterministic: bool = setting(False, "same bits on every CUDA run, slower", "Machine")
    threads: int = setting(0, "compute threads; 0 lets us choose", "Machine", ge=0, le=256)
    compile: bool = setting(False, "compile the network first (torch.compile)", "Machine")
    cuda_graphs: Literal["auto", "off"] = setting(
        "auto", "on a card in bf16, replay a whole batch's kernels as one CUDA graph", "Machine"
    )
    on_oom: Literal["fail", "shrink"] = setting(
        "fail", "when the card's memory is too small: fail, or halve the micro-batch", "Machine"
    )

    @model_validator(mode="before")
    @classmethod
    def _fill_dependent_defaults(cls, values: Any) -> Any:
        if not isinstance(values, Mapping):
            return values
        lr = DEFAULT_LR.get(str(values.get("optimizer", "sgd")), 0.01)
        if isinstance(values.get("cuda_graphs"), bool):
            values = {**values, "cuda_graphs": "auto"}  # older versions had a switch
        own = BUILTIN_DEFAULTS.get(str(values.get("data")), {})
        all_test = {"test_fraction": 1.0} if str(values.get("epochs")) == "0" else {}
        return {
            "lr": lr,
            **all_test,
            **own,
            **{name: value for name, value in values.items() if value is not None},
        }

    @field_validator("data", "pretrained")
    @classmethod
    def _not_blank(cls, value: str) -> str:
        if not value.strip():
            raise ValueError("must not be empty")
        return value

    @field_validator(
        "data",
        "pretrained",
        "images",
        "image_column",
        "label_column",
        "split_column",
        "group_column",
        "class_names",
    )
    @classmethod
    def _is_text(cls, value: str) -> str:
        if "\0" in value or any("\ud800" <= character <= "\udfff" for character in value):
            raise ValueError(f"{value!r} is no text in UTF-8: rename it")
        return value.strip()

    @field_validator("class_names")
    @classmethod
    def _two_classes(cls, value: str) -> str:
        names = [name.strip() for name in value.split(",")]
        if value and (len(names) < 2 or "" in names or len(set(names)) < len(names)):
            raise ValueError(f"{value!r} must be two different names or more, separated by commas")
        return ",".join(names)

    @field_validator("pretrained")
    @classmethod
    def _run_reference(cls, value: str) -> str:
        number = value.removeprefix(RUN_PREFIX)
        if value.startswith(RUN_PREFIX) and not (number.isdecimal() and len(number) < 10):
            raise ValueError(f"{value!r} is not a run: write run: and a run's number, such as run:12")
        return value

    @field_validator("augment")
    @classmethod
    def _joined(cls, value: str) -> str:
        return augmentation.canonical(value)

    @model_validator(mode="after")
    def _fits_together(self) -> "RunSpec":
        problem = next(conflicts(self), None)
        if problem:
            raise ValueError(problem)
        return self

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
    def needs_card(self) -> bool:
        """True where only a worker with a graphics card can train the run."""
        return self.precision == "fp16"

    @property
    def passes(self) -> int:
        """Passes over the train images in an epoch."""
        return augmentation.passes_of(self.augment)

    @property
    def images_at_once(self) -> int:
        """Largest number of images that go through the network together."""
        return self.micro_batch or self.batch_size

    @property
    def packed_px(self) -> int:
        """Side of the packed images in pixels, with a margin where they are rotated or cropped."""
        return augmentation.packed_px(self.image_size, self.augment)

    def to_json(self) -> str:
        """Return canonical JSON: equal specs give equal text."""
        return json.dumps(self.model_dump(), sort_keys=True, separators=(",", ":"))

    def digest(self) -> str:
        """Hash all settings that determine the result; equal digests are repeats."""
        return self._digest(NO_RESULT)

    def training_digest(self) -> str:
        """Hash all settings that determine a training step; equal where one run is the beginning of the other."""
        return self._digest(NO_RESULT | {"epochs"} if self.is_extendable else NO_RESULT)

    @property
    def is_extendable(self) -> bool:
        """True where more epochs would not change the epochs before them."""
        return self.schedule == "constant" and self.epochs > 0

    def _digest(self, left_out: frozenset[str]) -> str:
        # Fields at their defaults are left out, so that a field added by a later version changes no digest.
        kept = self.model_dump(exclude=set(left_out), exclude_defaults=True)
        text = json.dumps(kept, sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()[:16]


def _extra(name: str, key: str) -> Any:
    extra = RunSpec.model_fields[name].json_schema_extra
    assert isinstance(extra, dict)
    return extra[key]


FIELDS: tuple[str, ...] = tuple(RunSpec.model_fields)
GROUP_OF: dict[str, str] = {name: _extra(name, "group") for name in FIELDS}
GRID_FIELDS: tuple[str, ...] = tuple(name for name in FIELDS if _extra(name, "grid"))


def choices_of(name: str) -> tuple[str, ...]:
    """Return the values of a field that is one of a few words; empty for other fields."""
    return tuple(map(str, get_args(RunSpec.model_fields[name].annotation)))
