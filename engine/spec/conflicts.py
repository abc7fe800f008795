"""Conflicts between settings that are valid one by one."""

from collections.abc import Iterator

from engine.metrics.selection import selected
from engine.problem import Problem, WayOut
from engine.recipes.losses import LOSSES
from engine.recipes.optimizers import OPTIMIZERS, names_with_momentum
from engine.recipes.registries import exclusions
from engine.spec.archs import find_arch
from engine.spec.constants import BUILTIN_DEFAULTS
from engine.spec.fields import FOUND_FIELDS
from engine.spec.plugin_name import plugin_of
from engine.spec.pretrained import NONE, SOURCE_WORDS, source_kind
from engine.spec.run_spec import RunSpec
from engine.spec.stems import STEMS


def conflicts(spec: RunSpec) -> list[Problem]:
    """Return all conflicts of a spec, each beside the field that is to change."""
    return [
        *_data_conflicts(spec),
        *_split_conflicts(spec),
        *(_network_conflicts(spec) if plugin_of(spec.arch) is None else _plugin_conflicts(spec)),
        *_stem_conflicts(spec),
        *_epoch_conflicts(spec),
        *_recipe_conflicts(spec),
        *_batch_conflicts(spec),
        *(_device_conflicts(spec) if spec.gpus > 1 else ()),
    ]


def _conflict(field: str, what: str, *ways_out: WayOut) -> Problem:
    return Problem(field, "error", what, ways_out=ways_out, kind="conflict")


def _data_conflicts(spec: RunSpec) -> Iterator[Problem]:
    for field in FOUND_FIELDS if spec.data in BUILTIN_DEFAULTS else ():
        if getattr(spec, field):
            yield _conflict(field, f"{spec.data} is built in, and has no {field}", WayOut("leave it out"))
    if spec.ordered == "off" and (needs := needs_order(spec)):
        yield _conflict("ordered", f"off, and {needs} needs ordered classes", WayOut("leave it out"))


def _split_conflicts(spec: RunSpec) -> Iterator[Problem]:
    if spec.folds == 1:
        yield _conflict("folds", "1 leaves no images to train on", WayOut("give 2 or more"))
    elif spec.folds and not spec.fold:
        what = f"which of the {spec.folds} folds the run tests on is not said"
        yield _conflict("fold", what, WayOut(f"give 1 to {spec.folds}"))
    elif spec.folds and spec.fold > spec.folds:
        what = f"there is no fold {spec.fold} of {spec.folds}"
        yield _conflict("fold", what, WayOut(f"give 1 to {spec.folds}"))
    elif spec.fold and not spec.folds:
        yield _conflict("fold", "is of a cross-validation", WayOut("give {} too", "folds"))
    if spec.folds and spec.test_fraction != type(spec).model_fields["test_fraction"].default:
        what = f"each of {spec.folds} folds is tested on once, whatever the test_fraction"
        yield _conflict("test_fraction", what, WayOut("leave it out"))
    if spec.split_seed and not spec.folds and spec.test_fraction == 1:
        what = "test_fraction 1 draws no split"
        yield _conflict("split_seed", what, WayOut("leave it out"))


def needs_order(spec: RunSpec) -> str:
    """Name the setting that needs ordered classes, such as `select_on test_kappa`; empty where none does."""
    if "ordered classes" in selected(spec.select_on).metric.needs:
        return f"select_on {spec.select_on}"
    return f"loss {spec.loss}" if LOSSES[spec.loss].gives_grade else ""


def _network_conflicts(spec: RunSpec) -> Iterator[Problem]:
    if spec.implementation == "torchvision" and spec.bottleneck_stride == "1x1":
        yield _conflict(
            "bottleneck_stride",
            "implementation torchvision has its stride in the 3x3",
            WayOut("choose {}", "bottleneck_stride", "3x3"),
            WayOut("choose {}", "implementation", "own"),
        )
    word, info = SOURCE_WORDS.get(spec.pretrained), find_arch(spec.arch)
    if word and word.version and info and word.version not in info.imagenet_versions:
        has = " or ".join(["imagenet", *(f"imagenet-{version}" for version in info.imagenet_versions)])
        yield _conflict(
            "pretrained", f"{spec.arch} has no {spec.pretrained} weights", WayOut(f"choose {has}")
        )


def _plugin_conflicts(spec: RunSpec) -> Iterator[Problem]:
    for field in ("implementation", "bottleneck_stride", "stem"):
        default = type(spec).model_fields[field].default
        if getattr(spec, field) != default:
            what = f"is for the built-in networks, and arch is {spec.arch}"
            yield _conflict(field, what, WayOut("leave {}", field, default))
    if source_kind(spec.pretrained) == "imagenet":
        yield _conflict(
            "pretrained",
            f"{spec.pretrained} has no weights for {spec.arch}",
            WayOut("choose none, run:ID or a file of its own weights"),
        )


def _stem_conflicts(spec: RunSpec) -> Iterator[Problem]:
    if spec.stem == "imagenet":
        return
    back = WayOut("choose {}", "stem", "imagenet")
    largest_px = STEMS[spec.stem].largest_px
    if largest_px is not None and spec.image_size > largest_px:
        what = f"{spec.stem} is for images of at most {largest_px} px, and image_size is {spec.image_size}"
        yield _conflict("stem", what, back, WayOut("choose a smaller {}", "image_size"))
    if spec.implementation == "torchvision":
        what = f"torchvision's networks have no stem {spec.stem}"
        yield _conflict("stem", what, WayOut("choose {}", "implementation", "own"), back)
    if source_kind(spec.pretrained) == "imagenet":
        what = f"{spec.pretrained} weights have the stem imagenet, whose conv1 does not fit stem {spec.stem}"
        yield _conflict("pretrained", what, WayOut("choose {}", "pretrained", NONE), back)


def _epoch_conflicts(spec: RunSpec) -> Iterator[Problem]:
    if spec.test_fraction == 1 and spec.epochs:
        yield _conflict(
            "test_fraction",
            "1 leaves no images to train on",
            WayOut("give less than 1"),
            WayOut("evaluate alone with {}", "epochs", 0),
        )
    # A model of a user's own file may load weights of its own.
    if spec.freeze_epochs and spec.pretrained == NONE and plugin_of(spec.arch) is None:
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
    if spec.sync_batchnorm and spec.micro_batch:
        yield _conflict(
            "sync_batchnorm",
            f"takes statistics over the whole batch, of which micro_batch {spec.micro_batch} shows it parts",
            WayOut("{} takes the whole batch", "micro_batch", 0),
            WayOut("leave it out"),
        )
    if 1 in (spec.batch_size, spec.micro_batch) and plugin_of(spec.arch) is None and smallest_batch(spec) > 1:
        yield _conflict(
            "batch_size" if spec.batch_size == 1 else "micro_batch",
            f"one image at a time needs an image_size of {STEMS[spec.stem].smallest_single_px} or more, for BatchNorm "
            "sees a single value of it otherwise",
            WayOut("give batch_size and micro_batch at least 2"),
        )


def _device_conflicts(spec: RunSpec) -> Iterator[Problem]:
    fewest = spec.gpus * smallest_batch(spec)
    if spec.batch_size < fewest:
        yield _conflict(
            "gpus",
            f"{spec.gpus} share a batch of {spec.batch_size}, and need one of {fewest} or more",
            WayOut("choose {}", "batch_size", fewest),
            WayOut("choose {}", "gpus", 1),
        )
    if spec.compile:
        yield _conflict(
            "compile", f"compiles for one device, not for gpus {spec.gpus}", WayOut("leave it out")
        )
    if spec.on_oom == "shrink":
        yield _conflict(
            "on_oom",
            f"shrink halves the micro-batch of one device, not of gpus {spec.gpus}",
            WayOut("give {} too", "micro_batch"),
            WayOut("choose {}", "on_oom", "fail"),
        )


def smallest_batch(spec: RunSpec) -> int:
    """Return the fewest images that BatchNorm takes at once: 2 where the last feature map is 1×1, and for a plug-in, of
    whose layers nothing is known."""
    takes_one = plugin_of(spec.arch) is None and spec.image_size >= STEMS[spec.stem].smallest_single_px
    return 1 if takes_one else 2


def source_misfit(spec: RunSpec, source: RunSpec) -> Problem | None:
    """Tell why the weights of the run that a spec starts from, trained with spec `source`, do not fit its network."""
    if source.network == spec.network:
        return None
    what = f"run {spec.source_run} is a {source.network}, and its weights do not fit a {spec.network}"
    if source.arch == spec.arch:
        choose = WayOut("choose {}", "stem", source.stem)
    else:
        with_stem = "" if source.stem == spec.stem else f" with stem {source.stem}"
        choose = WayOut(f"choose {{}}{with_stem}", "arch", source.arch)
    ways = choose, WayOut("start from another run")
    return Problem("pretrained", "error", what, (str(spec.source_run),), ways, "source_arch")
