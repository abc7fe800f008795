"""Settings that do not fit together, though each is right by itself."""

from collections.abc import Iterator

from engine.problem import Problem, WayOut
from engine.recipes.optimizers import OPTIMIZERS, names_with_momentum
from engine.recipes.registries import exclusions
from engine.spec.constants import BUILTIN_DEFAULTS
from engine.spec.run_spec import RunSpec

IMAGENET_V2_ARCHS = ("resnet50", "resnet101", "resnet152")
"""Of which torchvision has second weights."""

FOUND_FIELDS = ("images", "image_column", "label_column", "split_column", "group_column", "class_names")
"""What is said of data whose files and tables have to be found."""

SMALLEST_ALONE_PX = 33
"""From this side on, an image's last feature map is larger than 1×1, so that BatchNorm can take it alone."""


def conflicts(spec: RunSpec) -> list[Problem]:
    """All conflicts of a spec, each beside the field that is to change."""
    return [
        *_data_conflicts(spec),
        *_network_conflicts(spec),
        *_recipe_conflicts(spec),
        *_batch_conflicts(spec),
    ]


def _conflict(field: str, what: str, *ways_out: WayOut) -> Problem:
    return Problem(field, "error", what, ways_out=ways_out, kind="conflict")


def _data_conflicts(spec: RunSpec) -> Iterator[Problem]:
    for field in FOUND_FIELDS if spec.data in BUILTIN_DEFAULTS else ():
        if getattr(spec, field):
            yield _conflict(field, f"{spec.data} is built in, and has no {field}", WayOut("leave it out"))
    if spec.test_fraction == 1 and spec.epochs:
        yield _conflict(
            "test_fraction",
            "1 leaves no images to train on",
            WayOut("give less than 1"),
            WayOut("evaluate alone with {}", "epochs", 0),
        )


def _network_conflicts(spec: RunSpec) -> Iterator[Problem]:
    if spec.implementation == "torchvision" and spec.bottleneck_stride == "1x1":
        yield _conflict(
            "bottleneck_stride",
            "implementation torchvision has its stride in the 3x3",
            WayOut("choose {}", "bottleneck_stride", "3x3"),
            WayOut("choose {}", "implementation", "own"),
        )
    if spec.pretrained == "imagenet-v2" and spec.arch not in IMAGENET_V2_ARCHS:
        yield _conflict(
            "pretrained",
            f"{spec.arch} has no imagenet-v2 weights",
            WayOut("choose imagenet or imagenet-v1"),
        )
    if spec.freeze_epochs and spec.pretrained == "none":
        yield _conflict(
            "freeze_epochs",
            "needs pretrained weights, for a head learns nothing from a trunk drawn at random",
            WayOut("choose {}", "pretrained", "imagenet"),
            WayOut("choose {}", "freeze_epochs", 0),
        )
    if spec.epochs and spec.freeze_epochs > spec.epochs:
        yield _conflict(
            "freeze_epochs",
            f"{spec.freeze_epochs} is more than the {spec.epochs} epochs of the run",
            WayOut("freeze for fewer"),
        )


def _recipe_conflicts(spec: RunSpec) -> Iterator[Problem]:
    if spec.nesterov and not (OPTIMIZERS[spec.optimizer].takes_momentum and spec.momentum > 0):
        able = names_with_momentum()
        yield _conflict(
            "nesterov",
            f"needs optimizer {' or '.join(able)} with a momentum above 0",
            WayOut("leave it out"),
            *(WayOut("choose {}", "optimizer", name) for name in able),
        )
    for field, why in exclusions(spec):
        yield _conflict(field, why, WayOut("choose {}", field, 0))
    if spec.epochs and spec.warmup_epochs >= spec.epochs:
        yield _conflict(
            "warmup_epochs",
            f"{spec.warmup_epochs:g} leaves nothing of {spec.epochs} epochs",
            WayOut("warm up for fewer"),
        )


def _batch_conflicts(spec: RunSpec) -> Iterator[Problem]:
    if spec.micro_batch > spec.batch_size:
        yield _conflict(
            "micro_batch",
            f"{spec.micro_batch} is larger than batch_size {spec.batch_size}",
            WayOut("{} takes the whole batch", "micro_batch", 0),
        )
    if 1 in (spec.batch_size, spec.micro_batch) and spec.image_size < SMALLEST_ALONE_PX:
        yield _conflict(
            "batch_size" if spec.batch_size == 1 else "micro_batch",
            f"one image at a time needs an image_size of {SMALLEST_ALONE_PX} or more, for BatchNorm sees a single "
            "value of it otherwise",
            WayOut("give batch_size and micro_batch at least 2"),
        )
