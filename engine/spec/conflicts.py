"""Settings that do not fit together, though each is right by itself."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from engine.spec.archs import find_arch
from engine.spec.constants import BUILTIN_DEFAULTS
from engine.spec.plugin_name import plugin_of
from engine.spec.pretrained import NONE, SOURCE_WORDS, source_kind
from engine.spec.stems import STEMS

if TYPE_CHECKING:
    from engine.spec.run_spec import RunSpec

FOUND_FIELDS = ("images", "image_column", "label_column", "split_column", "group_column", "class_names")
"""What is said of data whose files and tables have to be found."""


def conflicts(spec: "RunSpec") -> Iterator[str]:
    """Each as one line that says what to do."""
    yield from _data_conflicts(spec)
    yield from _network_conflicts(spec) if plugin_of(spec.arch) is None else _plugin_conflicts(spec)
    yield from _stem_conflicts(spec)
    yield from _epoch_conflicts(spec)
    yield from _recipe_conflicts(spec)


def _data_conflicts(spec: "RunSpec") -> Iterator[str]:
    for field in FOUND_FIELDS if spec.data in BUILTIN_DEFAULTS else ():
        if getattr(spec, field):
            yield f"{spec.data} is built in, and has no {field}: leave it out"


def _network_conflicts(spec: "RunSpec") -> Iterator[str]:
    if spec.implementation == "torchvision" and spec.bottleneck_stride == "1x1":
        yield "implementation torchvision has its stride in the 3x3: leave bottleneck_stride at 3x3"
    word, info = SOURCE_WORDS.get(spec.pretrained), find_arch(spec.arch)
    if word and word.version and info and word.version not in info.imagenet_versions:
        has = "imagenet or " + ", ".join(f"imagenet-{version}" for version in info.imagenet_versions)
        yield f"{spec.arch} has no {spec.pretrained} weights: choose {has}"
    if spec.freeze_epochs and spec.pretrained == NONE:
        yield "freeze_epochs needs pretrained weights: a head learns nothing from a trunk drawn at random"


def _plugin_conflicts(spec: "RunSpec") -> Iterator[str]:
    for field in ("implementation", "bottleneck_stride", "stem"):
        default = type(spec).model_fields[field].default
        if getattr(spec, field) != default:
            yield f"{field} is for the built-in networks, and arch is {spec.arch}: leave {field} at {default}"
    if source_kind(spec.pretrained) == "imagenet":
        yield f"{spec.pretrained} has no weights for {spec.arch}: choose none, run:ID or a file of its own weights"


def _stem_conflicts(spec: "RunSpec") -> Iterator[str]:
    largest_px = STEMS[spec.stem].largest_px
    if largest_px is not None and spec.image_size > largest_px:
        yield (
            f"stem {spec.stem} is for images of at most {largest_px} px, and image_size is {spec.image_size}: "
            "choose stem imagenet or a smaller image_size"
        )
    if spec.stem != "imagenet" and spec.implementation == "torchvision":
        yield f"torchvision's networks have no stem {spec.stem}: choose implementation own or stem imagenet"
    if spec.stem != "imagenet" and source_kind(spec.pretrained) == "imagenet":
        yield (
            f"{spec.pretrained} weights have the stem imagenet, whose conv1 does not fit stem {spec.stem}: "
            "choose pretrained none or stem imagenet"
        )


def _epoch_conflicts(spec: "RunSpec") -> Iterator[str]:
    if spec.test_fraction == 1 and spec.epochs:
        yield "test_fraction 1 leaves no images to train on: it is for epochs 0"
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
    if 1 in (spec.batch_size, spec.micro_batch) and plugin_of(spec.arch) is None and smallest_batch(spec) > 1:
        smallest_px = STEMS[spec.stem].smallest_single_px
        yield (
            f"one image at a time needs an image_size of {smallest_px} or more, for BatchNorm sees a single "
            "value of it otherwise: give batch_size and micro_batch at least 2"
        )


def smallest_batch(spec: "RunSpec") -> int:
    """The fewest images that BatchNorm takes at once: 2 where the last feature map is 1×1, and for a plug-in, of
    whose layers nothing is known."""
    takes_one = plugin_of(spec.arch) is None and spec.image_size >= STEMS[spec.stem].smallest_single_px
    return 1 if takes_one else 2
