"""Settings of a run: the fields of its spec, with types, limits, defaults and checks."""

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, ValidationInfo, field_validator, model_validator

from engine.metrics.selection import selections
from engine.recipes import augmentations, normalizations, optimizers
from engine.recipes.entry import unknown_choice
from engine.recipes.optimizers import OPTIMIZERS
from engine.recipes.registries import REGISTRIES
from engine.spec.archs import ARCH_INFOS, DEFAULT_ARCH
from engine.spec.constants import EVALUATED_TRAIN_IMAGES
from engine.spec.dependent_defaults import filled
from engine.spec.fields import FOUND_FIELDS, checked_class_names, checked_text, setting
from engine.spec.plugin_name import checked_arch
from engine.spec.pretrained import CHOICES, NONE, RUN_PREFIX
from engine.spec.stems import Stem

MOST_FOLDS = 1_000
MOST_GPUS = 64


class RunSettings(BaseModel):
    """Settings that determine a run's result, each checked by itself; `make_spec` checks that they fit together."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    data: str = setting(..., "folder or file with images, or digits, fundus, fundus-balanced", "Data")
    images: str = setting("", "folder of the images, where it is not beside the table or below it", "Data")
    image_column: str = setting("", "column of image names, by heading or number", "Data")
    label_column: str = setting("", "column of labels", "Data")
    split_column: str = setting("", "column that says train, val or test", "Data")
    group_column: str = setting("", "column of what must stay in one split, such as the patient", "Data")
    class_names: str = setting("", "names of the classes in their order, separated by commas", "Data")
    ordered: Literal["auto", "on", "off"] = setting(
        "auto",
        "whether the classes are grades, from the least to the worst; auto: where a heading, the layout or words of "
        "severity in class_names say so",
        "Data",
    )
    image_size: int = setting(224, "side of the square input in pixels", "Data", grid=True, ge=16, le=1024)
    fit: Literal["crop", "pad", "stretch"] = setting(
        "crop", "how an image that is not square becomes so", "Data", grid=True
    )
    resize: Literal["bicubic", "nearest"] = setting(
        "bicubic", "how pixels are resized; nearest copies the nearest one, as MedMNIST's authors do", "Data"
    )
    preprocess: Literal["none", "graham"] = setting(
        "none",
        "graham: the eye cropped out, its local mean taken away; train and test alike",
        "Data",
        grid=True,
    )
    normalize: str = setting(normalizations.DEFAULT, "how pixels are normalised", "Data")
    augment: str = setting(
        "flip",
        f"change training images at random: {augmentations.in_words()}",
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
    split_seed: int = setting(
        0,
        "another number draws another split, where the data have no test split; 0: the one of a plain run",
        "Data",
        grid=True,
        ge=0,
        lt=2**31,
    )
    folds: int = setting(
        0,
        "cross-validation: divide the images into so many parts, a run for each; 0: none",
        "Data",
        ge=0,
        le=MOST_FOLDS,
    )
    fold: int = setting(
        0,
        "the part that a run of a cross-validation tests on, from 1",
        "Data",
        grid=True,
        ge=0,
        le=MOST_FOLDS,
    )

    arch: str = setting(
        DEFAULT_ARCH,
        "network: a name, the depth of a ResNet (50), or FILE.py:FUNCTION",
        "Network",
        grid=True,
        words=ARCH_INFOS,
    )
    implementation: Literal["own", "torchvision"] = setting("own", "whose ResNet code", "Network")
    bottleneck_stride: Literal["3x3", "1x1"] = setting(
        "3x3", "where a bottleneck strides: 3x3 as torchvision, 1x1 as the paper", "Network"
    )
    stem: Stem = setting(
        "imagenet",
        "first layers: cifar is 3x3, stride 1, no max pool, for images of 16 to 64 px",
        "Network",
        grid=True,
    )
    head: Literal["linear", "dropout"] = setting(
        "linear", "the last layer; dropout zeroes half of its inputs while training", "Network", grid=True
    )
    pretrained: str = setting(
        NONE, f"weights to start from: {CHOICES} (that run's best)", "Network", grid=True
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
    lr: float = setting(
        OPTIMIZERS[optimizers.DEFAULT].default_lr, "learning rate", "Training", grid=True, gt=0
    )
    optimizer: str = setting(optimizers.DEFAULT, "optimiser", "Training", grid=True)
    momentum: float = setting(
        0.9, f"momentum of {', '.join(optimizers.names_with_momentum())}", "Training", ge=0, lt=1
    )
    weight_decay: float = setting(5e-4, "weight decay", "Training", grid=True, ge=0)
    nesterov: bool = setting(
        False, f"Nesterov momentum of {', '.join(optimizers.names_with_momentum())}", "Training"
    )
    schedule: str = setting("cosine", "learning rate over the run", "Training", grid=True)
    warmup_epochs: float = setting(0.0, "epochs over which the learning rate rises first", "Training", ge=0)
    clip_norm: float = setting(0.0, "longest gradient that a step takes; 0: any", "Training", ge=0)
    loss: str = setting("ce", "what a step makes smaller", "Training", grid=True)
    label_smoothing: float = setting(
        0.0, "share of each label given to all classes alike", "Training", ge=0, lt=1
    )
    sampler: str = setting(
        "shuffle", "each image once an epoch, or all classes equally often", "Training", grid=True
    )
    select_on: str = setting("test_acc", "what chooses the best epoch; val_… needs a val split", "Training")
    patience: int = setting(
        0, "stop after so many epochs without a better one; 0: never", "Training", ge=0, le=1_000_000
    )
    eval_train: bool = setting(
        False,
        f"evaluate all train images after the last epoch, not augmented; else {EVALUATED_TRAIN_IMAGES:,} of them",
        "Training",
    )
    seed: int = setting(0, "of weights, shuffling and augmentation", "Training", grid=True, ge=0, lt=2**31)

    precision: Literal["auto", "bf16", "fp16", "fp32"] = setting(
        "auto", "number format of the arithmetic", "Machine", grid=True
    )
    deterministic: bool = setting(False, "same bits on every CUDA run, slower", "Machine")
    gpus: int = setting(
        1, "cards, or on the CPU processes, that share each batch", "Machine", ge=1, le=MOST_GPUS
    )
    sync_batchnorm: bool = setting(
        False,
        "with gpus: BatchNorm takes its statistics over the whole batch, not over each one's part",
        "Machine",
    )
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
        return filled(values) if isinstance(values, Mapping) else values

    @field_validator(*REGISTRIES, mode="before")
    @classmethod
    def _is_registered(cls, value: Any, info: ValidationInfo) -> Any:
        choices = tuple(REGISTRIES[str(info.field_name)])
        if value not in choices:
            raise ValueError(unknown_choice(value, choices))
        return value

    @field_validator("data", "pretrained")
    @classmethod
    def _not_blank(cls, value: str) -> str:
        if not value.strip():
            raise ValueError("must not be empty")
        return value

    @field_validator("data", "arch", "pretrained", *FOUND_FIELDS)
    @classmethod
    def _is_text(cls, value: str) -> str:
        return checked_text(value)

    @field_validator("select_on")
    @classmethod
    def _is_selectable(cls, value: str) -> str:
        if value not in selections():
            raise ValueError(f"{value!r} is unknown: choose from {', '.join(selections())}")
        return value

    @field_validator("class_names")
    @classmethod
    def _two_classes(cls, value: str) -> str:
        return checked_class_names(value)

    @field_validator("arch")
    @classmethod
    def _known_arch(cls, value: str) -> str:
        return checked_arch(value)

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
        return augmentations.canonical(value)
