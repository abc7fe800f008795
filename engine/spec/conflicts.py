"""Conflicts between settings that are valid one by one."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from engine.spec.constants import BUILTIN_DEFAULTS

if TYPE_CHECKING:
    from engine.spec.run_spec import RunSpec

IMAGENET_V2_ARCHS = ("resnet50", "resnet101", "resnet152")
"""Architectures with a second set of ImageNet weights in torchvision."""

FOUND_FIELDS = ("images", "image_column", "label_column", "split_column", "group_column", "class_names")
"""Fields about the files and tables of a data set, which built-in sets do not have."""

SMALLEST_ALONE_PX = 33
"""Smallest side at which the last feature map is larger than 1×1, so that BatchNorm works on a single image."""


def conflicts(spec: "RunSpec") -> Iterator[str]:
    """Yield each conflict as one line that says what to do."""
    yield from _data_conflicts(spec)
    yield from _network_conflicts(spec)
    yield from _recipe_conflicts(spec)


def _data_conflicts(spec: "RunSpec") -> Iterator[str]:
    for field in FOUND_FIELDS if spec.data in BUILTIN_DEFAULTS else ():
        if getattr(spec, field):
            yield f"{spec.data} is built in, and has no {field}: leave it out"


def _network_conflicts(spec: "RunSpec") -> Iterator[str]:
    if spec.implementation == "torchvision" and spec.bottleneck_stride == "1x1":
        yield "implementation torchvision has its stride in the 3x3: leave bottleneck_stride at 3x3"
    if spec.pretrained == "imagenet-v2" and spec.arch not in IMAGENET_V2_ARCHS:
        yield f"{spec.arch} has no imagenet-v2 weights: choose imagenet or imagenet-v1"
    if spec.test_fraction == 1 and spec.epochs:
        yield "test_fraction 1 leaves no images to train on: it is for epochs 0"
    if spec.freeze_epochs and spec.pretrained == "none":
        yield "freeze_epochs needs pretrained weights: a head learns nothing from a trunk drawn at random"
    if spec.epochs and spec.freeze_epochs > spec.epochs:
        yield f"freeze_epochs {spec.freeze_epochs} is more than the {spec.epochs} epochs of the run"


def _recipe_conflicts(spec: "RunSpec") -> Iterator[str]:
    if spec.nesterov and not (spec.optimizer == "sgd" and spec.momentum > 0):
        yield "nesterov needs optimizer sgd with a momentum above 0"
    if spec.loss == "mse-ordinal" and spec.label_smoothing:
        yield "loss mse-ordinal has no classes to smooth: leave label_smoothing at 0"
    if spec.schedule == "onecycle" and spec.warmup_epochs:
        yield "schedule onecycle warms up by itself: leave warmup_epochs at 0"
    if spec.epochs and spec.warmup_epochs >= spec.epochs:
        yield f"warmup_epochs {spec.warmup_epochs:g} leaves nothing of {spec.epochs} epochs: warm up for fewer"
    if spec.micro_batch > spec.batch_size:
        yield f"micro_batch {spec.micro_batch} is larger than batch_size {spec.batch_size}: 0 takes the whole batch"
    if 1 in (spec.batch_size, spec.micro_batch) and spec.image_size < SMALLEST_ALONE_PX:
        yield (
            f"one image at a time needs an image_size of {SMALLEST_ALONE_PX} or more, for BatchNorm sees a single "
            "value of it otherwise: give batch_size and micro_batch at least 2"
        )
