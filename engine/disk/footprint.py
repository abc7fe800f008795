"""What a run will write, reckoned from its spec before it starts: pure, no torch."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from engine.preflight.gpu_memory import WEIGHTS_MIB
from engine.spec.constants import BUILTIN_DEFAULTS
from engine.spec.run_spec import ORDINAL_LOSS, RunSpec

if TYPE_CHECKING:
    from engine.datasets.index import Index

FEATURES = {"resnet18": 512, "resnet34": 512, "resnet50": 2048, "resnet101": 2048, "resnet152": 2048}
"""Inputs of the last layer."""
OPTIMIZER_COPIES = {"sgd": 1, "adamw": 2}
"""Of the parameters, that a checkpoint holds besides them."""
ASIDE = 2
"""Checkpoints that lie beside a training run's newest: the one before, and the next while it is written. A new best
epoch's weights lie beside those before, too."""
LOG_BYTES = 4_000
LOG_LINE_BYTES = 130

Packing: TypeAlias = tuple[str, int, str, str]
"""What decides a file of packed images: their folder or built-in set, side in pixels, fit, preprocessing."""


@dataclass(frozen=True)
class Images:
    """What of a data set decides how much is written about it."""

    where: str
    """The folder that the images' names start from, or the name of a built-in set."""
    train: int
    test: int
    in_all: int
    classes: int
    name_bytes: float
    """Mean length of an image's name."""
    label_bytes: float
    """Mean length of a class name."""


@dataclass(frozen=True)
class Footprint:
    """Bytes, by what they are spent on."""

    checkpoints: int = 0
    best: int = 0
    predictions: int = 0
    """Answers and scores of the test images."""
    other: int = 0
    """Log and the list of images that were trained on."""
    packed: int = 0
    meanwhile: int = 0
    """Needed beyond the rest while a run trains, free again afterwards."""

    @property
    def kept(self) -> int:
        return self.checkpoints + self.best + self.predictions + self.other + self.packed

    @property
    def most(self) -> int:
        """What must be free for all to be written."""
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
    )


# Train and test images and classes of the built-in sets; digits have no split of their own. A test counts them.
_BUILT_IN = {"digits": (1797, None, 10), "fundus": (640, 300, 5), "fundus-balanced": (800, 100, 5)}
_BUILT_IN_LABEL_BYTES = {"digits": 1.0, "fundus": 7.2, "fundus-balanced": 7.2}


def built_in(spec: RunSpec) -> Images | None:
    """The images of a spec whose data come with the program."""
    if spec.data not in BUILTIN_DEFAULTS:
        return None
    rest, own_test, classes = _BUILT_IN[spec.data]
    test = round(rest * spec.test_fraction) if own_test is None else own_test
    train = rest - test if own_test is None else rest
    in_all = rest if own_test is None else rest + own_test
    name_bytes = len(spec.data) + 4.0
    label_bytes = _BUILT_IN_LABEL_BYTES[spec.data]
    train = round(train * (1 - spec.val_fraction))
    return Images(spec.data, train, test, in_all, classes, name_bytes, label_bytes)


def run_footprint(spec: RunSpec, images: Images) -> Footprint:
    """What one run leaves behind, its packed images aside."""
    outputs = 1 if spec.loss == ORDINAL_LOSS else images.classes
    weights = round(WEIGHTS_MIB[spec.arch] * 2**20) + 4 * outputs * (FEATURES[spec.arch] + 1)
    copies = OPTIMIZER_COPIES[spec.optimizer] if spec.epochs else 0
    if spec.optimizer == "sgd" and not spec.momentum:
        copies = 0
    checkpoint = weights * (1 + copies)
    row = images.name_bytes + 2 * images.label_bytes + len(",,,0.123456\n")
    twice = round(images.test * (row + 4 * outputs))
    answers = 4 * images.test * (spec.epochs + 1)
    return Footprint(
        checkpoints=checkpoint,
        best=weights,
        predictions=2 * twice + answers,
        other=16 * images.train + LOG_BYTES + LOG_LINE_BYTES * spec.epochs,
        meanwhile=ASIDE * checkpoint + weights if spec.epochs else 0,
    )


def packing(spec: RunSpec, images: Images) -> Packing:
    return images.where, spec.packed_px, spec.fit, spec.preprocess


def grid_footprint(
    runs: Iterable[tuple[RunSpec, Images | None]], *, packed: Collection[Packing] = ()
) -> Footprint:
    """What all runs of a grid write together. Runs whose images are not known count with their weights alone;
    images that lie packed already are not packed again."""
    pairs = list(runs)
    each = [run_footprint(spec, images or _NO_IMAGES) for spec, images in pairs]
    new = {packing(spec, images): images.in_all for spec, images in pairs if images is not None}
    return Footprint(
        checkpoints=sum(part.checkpoints for part in each),
        best=sum(part.best for part in each),
        predictions=sum(part.predictions for part in each),
        other=sum(part.other for part in each),
        packed=sum(count * which[1] ** 2 * 3 for which, count in new.items() if which not in packed),
        # A worker trains one run at a time; how many workers there will be nobody knows yet.
        meanwhile=max((part.meanwhile for part in each), default=0),
    )


_NO_IMAGES = Images("", 0, 0, 0, 2, 0.0, 0.0)


def in_words(size_bytes: float) -> str:
    """`1.4 GB`, `23 MB`, `5 kB`: powers of ten, as disks are sold."""
    for unit, scale in (("GB", 1e9), ("MB", 1e6)):
        if size_bytes >= scale:
            value = size_bytes / scale
            return f"{value:.1f} {unit}" if value < 100 else f"{value:,.0f} {unit}"
    return f"{size_bytes / 1e3:.0f} kB"


@dataclass(frozen=True)
class Room:
    """What will be written, and what is free for it."""

    written: Footprint
    free_bytes: int
    """Where the runs' folders lie."""
    cache_free_bytes: int | None = None
    """Where the packed images lie; None where that is the same disk."""

    def describe(self) -> str:
        """One line: how much, what for, and what is free."""
        written = self.written
        parts = (
            ("checkpoints", written.checkpoints),
            ("best weights", written.best),
            ("predictions", written.predictions),
            ("packed images", written.packed),
        )
        text = ", ".join(f"{name} {in_words(size)}" for name, size in parts if size)
        return f"will write {in_words(written.kept)} ({text}); {self._free()}"

    def brief(self) -> str:
        return f"writes {in_words(self.written.kept)}, {self._free()}"

    @property
    def shortage(self) -> str | None:
        """What is too little and what to do, or None."""
        written = self.written
        apart = self.cache_free_bytes is not None
        needs = [("the runs need", written.most - (written.packed if apart else 0), self.free_bytes)]
        if self.cache_free_bytes is not None:
            needs.append(("packed images need", written.packed, self.cache_free_bytes))
        for what, needed, free in needs:
            if needed > free:
                return (
                    f"{what} {in_words(needed)}, {in_words(free)} are free: free some space (resnet-tui du, "
                    "resnet-tui prune), or queue fewer runs"
                )
        return None

    def _free(self) -> str:
        cache = (
            f", {in_words(self.cache_free_bytes)} in the cache" if self.cache_free_bytes is not None else ""
        )
        return f"{in_words(self.free_bytes)} free{cache}"
