"""Settings that do not fit together, though each is right by itself."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from engine.recipes.optimizers import OPTIMIZERS, names_with_momentum
from engine.recipes.registries import exclusions
from engine.spec.constants import BUILTIN_DEFAULTS

if TYPE_CHECKING:
    from engine.spec.run_spec import RunSpec

IMAGENET_V2_ARCHS = ("resnet50", "resnet101", "resnet152")
"""Of which torchvision has second weights."""

FOUND_FIELDS = ("images", "image_column", "label_column", "split_column", "group_column", "class_names")
"""What is said of data whose files and tables have to be found."""

SMALLEST_ALONE_PX = 33
"""From this side on, an image's last feature map is larger than 1×1, so that BatchNorm can take it alone."""


def conflicts(spec: "RunSpec") -> Iterator[str]:
    """Each as one line that says what to do."""
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
    if spec.nesterov and not (OPTIMIZERS[spec.optimizer].takes_momentum and spec.momentum > 0):
        yield f"nesterov needs optimizer {' or '.join(names_with_momentum())} with a momentum above 0"
    yield from exclusions(spec)
    if spec.epochs and spec.warmup_epochs >= spec.epochs:
        yield f"warmup_epochs {spec.warmup_epochs:g} leaves nothing of {spec.epochs} epochs: warm up for fewer"
    if spec.micro_batch > spec.batch_size:
        yield f"micro_batch {spec.micro_batch} is larger than batch_size {spec.batch_size}: 0 takes the whole batch"
    if 1 in (spec.batch_size, spec.micro_batch) and spec.image_size < SMALLEST_ALONE_PX:
        yield (
            f"one image at a time needs an image_size of {SMALLEST_ALONE_PX} or more, for BatchNorm sees a single "
            "value of it otherwise: give batch_size and micro_batch at least 2"
        )
