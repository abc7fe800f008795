"""What a run is asked to do: the frozen settings and their limits."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any, Literal, get_args

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

Arch = Literal["resnet18", "resnet34", "resnet50", "resnet101", "resnet152"]
ARCHS: tuple[str, ...] = get_args(Arch)

Selection = Literal["test_acc", "test_balanced_acc", "test_kappa", "val_acc", "val_balanced_acc", "val_kappa"]

# A built-in set's own defaults: image size in pixels and augmentation.
BUILTIN_DEFAULTS: dict[str, dict[str, Any]] = {
    "digits": {"image_size": 32, "augment": "none"},
    "fundus": {"image_size": 48, "augment": "flip"},
    "fundus-balanced": {"image_size": 48, "augment": "flip"},
}
DEFAULT_LR = {"sgd": 0.01, "adamw": 3e-4}
# The defaults that depend on other fields, in words.
DEPENDENT_DEFAULTS = {
    "lr": "0.01; adamw: 0.0003",
    "image_size": "224; built-in data: their own",
    "augment": "flip; digits: none",
}
RUN_PREFIX = "run:"


def setting(default: Any, description: str, group: str, *, grid: bool = False, **limits: Any) -> Any:
    """A field of a spec. `group` is the heading under which help and forms show it; a `grid` field takes lists."""
    return Field(default, description=description, json_schema_extra={"group": group, "grid": grid}, **limits)


class RunSpec(BaseModel):
    """The settings that determine a run's result."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    data: str = setting(..., "folder or file with images, or digits, fundus, fundus-balanced", "Data")
    image_size: int = setting(224, "side of the square input in pixels", "Data", grid=True, ge=16, le=1024)
    fit: Literal["crop", "pad", "stretch"] = setting(
        "crop", "how an image that is not square becomes so", "Data", grid=True
    )
    augment: Literal["none", "flip"] = setting("flip", "change training images at random", "Data", grid=True)
    test_fraction: float = setting(
        0.2, "share of images to test on where the data have no test split", "Data", gt=0, lt=1
    )

    arch: Arch = setting("resnet18", "depth of the network", "Network", grid=True)
    implementation: Literal["own", "torchvision"] = setting("own", "whose ResNet code", "Network")
    bottleneck_stride: Literal["3x3", "1x1"] = setting(
        "3x3", "where a bottleneck strides: 3x3 as torchvision, 1x1 as the paper", "Network"
    )
    pretrained: str = setting(
        "none",
        "none, imagenet, imagenet-v1, a weights file, or run:ID (that run's best)",
        "Network",
        grid=True,
    )

    epochs: int = setting(
        10, "passes over the training images; 0 only evaluates", "Training", grid=True, ge=0, le=1_000_000
    )
    batch_size: int = setting(32, "images a step", "Training", grid=True, ge=1, le=1_000_000)
    lr: float = setting(0.01, "learning rate", "Training", grid=True, gt=0)
    optimizer: Literal["sgd", "adamw"] = setting("sgd", "optimiser", "Training", grid=True)
    momentum: float = setting(0.9, "momentum of sgd", "Training", ge=0, lt=1)
    weight_decay: float = setting(5e-4, "weight decay", "Training", grid=True, ge=0)
    nesterov: bool = setting(False, "Nesterov momentum of sgd", "Training")
    schedule: Literal["constant", "cosine"] = setting(
        "cosine", "learning rate over the run", "Training", grid=True
    )
    select_on: Selection = setting(
        "test_acc", "what chooses the best epoch; val_… needs a val split", "Training"
    )
    eval_train: bool = setting(
        False, "measure the train images too, after the last epoch and not augmented", "Training"
    )
    seed: int = setting(0, "of weights, shuffling and augmentation", "Training", grid=True, ge=0, lt=2**31)

    precision: Literal["auto", "bf16", "fp32"] = setting(
        "auto", "number format of the arithmetic", "Machine", grid=True
    )
    deterministic: bool = setting(False, "same bits on every CUDA run, slower", "Machine")
    threads: int = setting(0, "compute threads; 0 lets us choose", "Machine", ge=0, le=256)

    @model_validator(mode="before")
    @classmethod
    def _fill_dependent_defaults(cls, values: Any) -> Any:
        if not isinstance(values, Mapping):
            return values
        lr = DEFAULT_LR.get(str(values.get("optimizer", "sgd")), 0.01)
        own = BUILTIN_DEFAULTS.get(str(values.get("data")), {})
        return {"lr": lr, **own, **{name: value for name, value in values.items() if value is not None}}

    @field_validator("data", "pretrained")
    @classmethod
    def _not_blank(cls, value: str) -> str:
        if not value.strip():
            raise ValueError("must not be empty")
        if "\0" in value or any("\ud800" <= character <= "\udfff" for character in value):
            raise ValueError(f"{value!r} is no text in UTF-8: rename it")
        return value.strip()

    @field_validator("pretrained")
    @classmethod
    def _run_reference(cls, value: str) -> str:
        number = value.removeprefix(RUN_PREFIX)
        if value.startswith(RUN_PREFIX) and not (number.isdecimal() and len(number) < 10):
            raise ValueError(f"{value!r} is not a run: write run: and a run's number, such as run:12")
        return value

    @model_validator(mode="after")
    def _fits_together(self) -> "RunSpec":
        if self.implementation == "torchvision" and self.bottleneck_stride == "1x1":
            raise ValueError(
                "implementation torchvision has its stride in the 3x3: leave bottleneck_stride at 3x3"
            )
        if self.nesterov and not (self.optimizer == "sgd" and self.momentum > 0):
            raise ValueError("nesterov needs optimizer sgd with a momentum above 0")
        return self

    @property
    def source_run(self) -> int | None:
        """The run whose best weights this one starts from."""
        return (
            int(self.pretrained.removeprefix(RUN_PREFIX)) if self.pretrained.startswith(RUN_PREFIX) else None
        )

    def to_json(self) -> str:
        """Canonical: equal specs give equal text."""
        return json.dumps(self.model_dump(), sort_keys=True, separators=(",", ":"))

    def digest(self) -> str:
        return hashlib.sha256(self.to_json().encode()).hexdigest()[:16]


def _extra(name: str, key: str) -> Any:
    extra = RunSpec.model_fields[name].json_schema_extra
    assert isinstance(extra, dict)
    return extra[key]


FIELDS: tuple[str, ...] = tuple(RunSpec.model_fields)
GROUP_OF: dict[str, str] = {name: _extra(name, "group") for name in FIELDS}
GRID_FIELDS: tuple[str, ...] = tuple(name for name in FIELDS if _extra(name, "grid"))


def choices_of(name: str) -> tuple[str, ...]:
    """What a field may be, where it is one of a few words."""
    return tuple(map(str, get_args(RunSpec.model_fields[name].annotation)))
