"""What a run is asked to do: the frozen settings, their limits, and grids that expand to many runs."""

import hashlib
import itertools
import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated, Any, Literal, cast, get_args

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator
from pydantic.config import JsonDict

Arch = Literal["resnet18", "resnet34", "resnet50", "resnet101", "resnet152"]
ARCHS: tuple[str, ...] = get_args(Arch)

Selection = Literal["test_acc", "test_balanced_acc", "test_kappa"]

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

GRID: JsonDict = {"grid": True}


class RunSpec(BaseModel):
    """The settings that determine a run's result."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    data: str = Field(description="folder or file with images, or digits, fundus, fundus-balanced")
    arch: Arch = Field("resnet18", description="depth of the network", json_schema_extra=GRID)
    implementation: Literal["own", "torchvision"] = Field("own", description="whose ResNet code")
    bottleneck_stride: Literal["3x3", "1x1"] = Field(
        "3x3", description="where a bottleneck strides: 3x3 as torchvision, 1x1 as the paper"
    )
    pretrained: str = Field(
        "none",
        description="none, imagenet, imagenet-v1, a weights file, or run:ID (that run's best)",
        json_schema_extra=GRID,
    )
    epochs: Annotated[int, Field(ge=0, le=1_000_000)] = Field(
        10, description="passes over the training images; 0 only evaluates", json_schema_extra=GRID
    )
    batch_size: Annotated[int, Field(ge=1, le=1_000_000)] = Field(
        32, description="images a step", json_schema_extra=GRID
    )
    image_size: Annotated[int, Field(ge=16, le=1024)] = Field(
        224, description="side of the square input in pixels", json_schema_extra=GRID
    )
    lr: Annotated[float, Field(gt=0)] = Field(0.01, description="learning rate", json_schema_extra=GRID)
    optimizer: Literal["sgd", "adamw"] = Field("sgd", description="optimiser", json_schema_extra=GRID)
    momentum: Annotated[float, Field(ge=0, lt=1)] = Field(0.9, description="momentum of sgd")
    weight_decay: Annotated[float, Field(ge=0)] = Field(
        5e-4, description="weight decay", json_schema_extra=GRID
    )
    nesterov: bool = Field(False, description="Nesterov momentum of sgd")
    schedule: Literal["constant", "cosine"] = Field(
        "cosine", description="learning rate over the run", json_schema_extra=GRID
    )
    augment: Literal["none", "flip"] = Field(
        "flip", description="change training images at random", json_schema_extra=GRID
    )
    fit: Literal["crop", "pad", "stretch"] = Field(
        "crop", description="how an image that is not square becomes so", json_schema_extra=GRID
    )
    test_fraction: Annotated[float, Field(gt=0, lt=1)] = Field(
        0.2, description="share of images to test on where the data have no test split"
    )
    select_on: Selection = Field("test_acc", description="what chooses the best epoch")
    precision: Literal["auto", "bf16", "fp32"] = Field(
        "auto", description="number format of the arithmetic", json_schema_extra=GRID
    )
    deterministic: bool = Field(False, description="same bits on every CUDA run, slower")
    threads: Annotated[int, Field(ge=0, le=256)] = Field(0, description="compute threads; 0 lets us choose")
    seed: Annotated[int, Field(ge=0, lt=2**31)] = Field(
        0, description="of weights, shuffling and augmentation", json_schema_extra=GRID
    )

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


FIELDS: tuple[str, ...] = tuple(RunSpec.model_fields)
GRID_FIELDS: tuple[str, ...] = tuple(
    name for name, field in RunSpec.model_fields.items() if field.json_schema_extra == GRID
)


def choices_of(name: str) -> tuple[str, ...]:
    """What a field may be, where it is one of a few words."""
    return tuple(map(str, get_args(RunSpec.model_fields[name].annotation)))


class SpecError(ValueError):
    """Settings that cannot be: `problems` maps a field's name ("" for several together) to what is wrong."""

    def __init__(self, problems: Mapping[str, str]) -> None:
        self.problems = dict(problems)
        super().__init__("; ".join(f"{name}: {text}" if name else text for name, text in problems.items()))


def make_spec(values: Mapping[str, Any]) -> RunSpec:
    """Validate settings given as text or values; fields left out take their defaults.

    Raises SpecError with one line for each wrong field."""
    try:
        return RunSpec.model_validate(dict(values))
    except ValidationError as error:
        raise SpecError(_problems(cast(Sequence[Mapping[str, Any]], error.errors()))) from None


def load_spec(text: str) -> RunSpec:
    """Read what `to_json` wrote."""
    return make_spec(json.loads(text))


def split_list(texts: Iterable[str]) -> list[str]:
    """The values of a grid field: one text is a comma-separated list, several are taken as they are."""
    given = list(texts)
    parts = given[0].split(",") if len(given) == 1 else given
    return [part.strip() for part in parts if part.strip()]


def expand_grid(settings: Mapping[str, Sequence[Any] | Any]) -> list[RunSpec]:
    """The product over all grid fields that hold a list, in the order of the fields; repeats within it once.

    Raises SpecError, naming every wrong field."""
    axes = {name: _axis(name, value) for name, value in settings.items() if value is not None}
    names = sorted(axes, key=lambda name: FIELDS.index(name) if name in FIELDS else -1)
    specs: dict[RunSpec, None] = {}
    problems: dict[str, str] = {}
    for combination in itertools.product(*(axes[name] for name in names)):
        try:
            specs[make_spec(dict(zip(names, combination, strict=True)))] = None
        except SpecError as error:
            problems.update(error.problems)
    if problems:
        raise SpecError(problems)
    return list(specs)


def _axis(name: str, value: Any) -> list[Any]:
    if isinstance(value, str) or not isinstance(value, Sequence):
        return [value]
    if not value:
        raise SpecError({name: "give at least one value"})
    return list(value)


def _problems(errors: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    problems: dict[str, str] = {}
    for error in errors:
        name = str(error["loc"][0]) if error["loc"] else ""
        problems.setdefault(name, _describe(name, error))
    return problems


def _describe(name: str, error: Mapping[str, Any]) -> str:
    given, limits = error.get("input"), error.get("ctx", {})
    match error["type"]:
        case "missing":
            return "is required"
        case "extra_forbidden":
            return "is not a setting"
        case "literal_error":
            return f"{given!r} is unknown: choose from {', '.join(choices_of(name))}"
        case "float_parsing" | "float_type":
            return f"{given!r} is not a number"
        case "int_parsing" | "int_type" | "int_from_float" | "int_parsing_size":
            return f"{given!r} is not a whole number"
        case "finite_number":
            return f"{given!r} is not finite"
        case "bool_parsing" | "bool_type":
            return f"{given!r} is neither true nor false"
        case "greater_than" | "greater_than_equal" | "less_than" | "less_than_equal" as kind:
            words = (
                kind.replace("greater_than", "above")
                .replace("less_than", "below")
                .replace("_equal", " or at")
            )
            return f"{given} is out of range: must be {words} {next(iter(limits.values()))}"
        case "value_error":
            return str(limits["error"])
    return str(error["msg"])
