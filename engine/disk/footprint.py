"""Estimate of the bytes that a run will write, computed from its spec. Does not import torch."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from engine.problem import Problem, WayOut
from engine.recipes.losses import LOSSES
from engine.recipes.optimizers import OPTIMIZERS
from engine.spec.archs import find_arch
from engine.spec.constants import BUILTIN_DEFAULTS
from engine.spec.run_spec import RunSpec

if TYPE_CHECKING:
    from engine.datasets.index import Index

ASIDE = 2
"""Checkpoints beside the newest one while a run trains: the one before it, and the next one while it is written. A new
best epoch's weights also lie beside the old ones for a while."""
LOG_BYTES = 4_000
LOG_LINE_BYTES = 130
METRICS_BYTES = 500
"""Header, and each line, of metrics.csv."""

Packing: TypeAlias = tuple[str, int, str, str, str]
"""Identity of a file of packed images: their folder or built-in set, side in pixels, fit, preprocessing, resizing."""


@dataclass(frozen=True)
class Images:
    """Properties of a data set that determine the size of a run's files."""

    where: str
    """Folder that the images' names are relative to, or the name of a built-in set."""
    train: int
    test: int
    in_all: int
    classes: int
    name_bytes: float
    """Mean length of an image's name."""
    label_bytes: float
    """Mean length of a class name."""
    val: int = 0


@dataclass(frozen=True)
class Footprint:
    """Bytes that a run writes, by kind of file."""

    checkpoints: int = 0
    best: int = 0
    predictions: int = 0
    """Predictions and scores of the test and val images."""
    other: int = 0
    """Log, metrics.csv and the list of images that were trained on."""
    packed: int = 0
    meanwhile: int = 0
    """Needed beyond the rest while a run trains, free again afterwards."""
    uncounted: int = 0
    """Runs of plug-ins, whose weights nobody has measured: they are not in the figures."""

    @property
    def kept(self) -> int:
        return self.checkpoints + self.best + self.predictions + self.other + self.packed

    @property
    def most(self) -> int:
        """Bytes that must be free before the run starts."""
        return self.kept + self.meanwhile


def images_of(index: "Index") -> Images:
    test, count = index.rows_of("test"), len(index.names)
    return Images(
        where=str(index.root) if index.root is not None else index.kind,
        train=len(index.rows_of("train")),
        test=len(test),
        in_all=count,
        classes=len(index.class_names),
        name_bytes=sum(len(index.names[row].encode(errors="replace")) for row in test) / max(len(test), 1),
        label_bytes=sum(len(name.encode(errors="replace")) for name in index.class_names)
        / len(index.class_names),
        val=len(index.rows_of("val")),
    )


# Train images, test images and classes of the built-in sets; digits has no split of its own. A test checks them.
_BUILT_IN = {"digits": (1797, None, 10), "fundus": (640, 300, 5), "fundus-balanced": (800, 100, 5)}
_BUILT_IN_LABEL_BYTES = {"digits": 1.0, "fundus": 7.2, "fundus-balanced": 7.2}


def built_in(spec: RunSpec) -> Images | None:
    """Return the images of a spec with built-in data; None for other data."""
    if spec.data not in BUILTIN_DEFAULTS:
        return None
    rest, own_test, classes = _BUILT_IN[spec.data]
    in_all = rest + (own_test or 0)
    if spec.folds or own_test is None:
        test = round(rest / spec.folds if spec.folds else rest * spec.test_fraction)
        train = rest - test
    else:
        test, train = own_test, rest
    name_bytes = len(spec.data) + 4.0
    label_bytes = _BUILT_IN_LABEL_BYTES[spec.data]
    learnt = round(train * (1 - spec.val_fraction))
    return Images(spec.data, learnt, test, in_all, classes, name_bytes, label_bytes, val=train - learnt)


def run_footprint(spec: RunSpec, images: Images) -> Footprint:
    """Estimate the bytes of one run's files, without its packed images."""
    outputs = LOSSES[spec.loss].output_count(images.classes)
    info = find_arch(spec.arch)
    weights = 0 if info is None else round(info.weights_mib * 2**20) + 4 * outputs * (info.features + 1)
    copies = OPTIMIZERS[spec.optimizer].state_copies(spec) if spec.epochs else 0
    checkpoint = weights * (1 + copies)
    row = images.name_bytes + 2 * images.label_bytes + len(",,,0.123456\n")
    once = round((images.test + images.val) * (row + 4 * outputs))
    answers = 4 * images.test * (spec.epochs + 1)
    return Footprint(
        checkpoints=checkpoint,
        best=weights,
        predictions=2 * once + answers,
        other=16 * images.train
        + LOG_BYTES
        + LOG_LINE_BYTES * spec.epochs
        + METRICS_BYTES * (spec.epochs + 2),
        meanwhile=ASIDE * checkpoint + weights if spec.epochs else 0,
        uncounted=int(info is None),
    )


def packing(spec: RunSpec, images: Images) -> Packing:
    return images.where, spec.packed_px, spec.fit, spec.preprocess, spec.resize


def grid_footprint(
    runs: Iterable[tuple[RunSpec, Images | None]], *, packed: Collection[Packing] = ()
) -> Footprint:
    """Estimate the files of all runs of a grid together.

    Runs whose images are unknown count with their weights only; images that are `packed` already do not count."""
    pairs = list(runs)
    each = [run_footprint(spec, images or _NO_IMAGES) for spec, images in pairs]
    new = {packing(spec, images): images.in_all for spec, images in pairs if images is not None}
    return Footprint(
        checkpoints=sum(part.checkpoints for part in each),
        best=sum(part.best for part in each),
        predictions=sum(part.predictions for part in each),
        other=sum(part.other for part in each),
        packed=sum(count * which[1] ** 2 * 3 for which, count in new.items() if which not in packed),
        # A worker trains one run at a time; the number of workers is not known yet, so one is assumed.
        meanwhile=max((part.meanwhile for part in each), default=0),
        uncounted=sum(part.uncounted for part in each),
    )


FREE_SPACE = WayOut("free some space (resnet-tui du, resnet-tui prune)"), WayOut("queue fewer runs")
_NO_IMAGES = Images("", 0, 0, 0, 2, 0.0, 0.0)


def in_words(size_bytes: float) -> str:
    """Format bytes as `1.4 GB`, `23 MB` or `5 kB`, in powers of ten."""
    for unit, scale in (("GB", 1e9), ("MB", 1e6)):
        if size_bytes >= scale:
            value = size_bytes / scale
            return f"{value:.1f} {unit}" if value < 100 else f"{value:,.0f} {unit}"
    return f"{size_bytes / 1e3:.0f} kB"


@dataclass(frozen=True)
class Room:
    """Bytes that will be written, and the free space for them."""

    written: Footprint
    free_bytes: int
    """Free bytes on the disk of the runs' folders."""
    cache_free_bytes: int | None = None
    """Free bytes on the disk of the packed images; None where it is the same disk."""

    def describe(self) -> str:
        """Describe in one line how much will be written, by kind, and how much is free."""
        written = self.written
        parts = (
            ("checkpoints", written.checkpoints),
            ("best weights", written.best),
            ("predictions", written.predictions),
            ("packed images", written.packed),
        )
        text = ", ".join(f"{name} {in_words(size)}" for name, size in parts if size)
        unknown = f", and the weights of {written.uncounted} plug-in runs" if written.uncounted else ""
        return f"will write {in_words(written.kept)} ({text}){unknown}; {self._free()}"

    def brief(self) -> str:
        unknown = " and plug-ins' weights" if self.written.uncounted else ""
        return f"writes {in_words(self.written.kept)}{unknown}, {self._free()}"

    @property
    def shortage(self) -> Problem | None:
        """Return a warning if too little disk space is free, else None."""
        written = self.written
        apart = self.cache_free_bytes is not None
        needs = [("the runs need", written.most - (written.packed if apart else 0), self.free_bytes)]
        if self.cache_free_bytes is not None:
            needs.append(("packed images need", written.packed, self.cache_free_bytes))
        for what, needed, free in needs:
            if needed > free:
                text = f"{what} {in_words(needed)}, {in_words(free)} are free"
                return Problem(
                    "", "warning", text, ways_out=FREE_SPACE, kind="disk", brief="too little disk space"
                )
        return None

    def _free(self) -> str:
        cache = (
            f", {in_words(self.cache_free_bytes)} in the cache" if self.cache_free_bytes is not None else ""
        )
        return f"{in_words(self.free_bytes)} free{cache}"
