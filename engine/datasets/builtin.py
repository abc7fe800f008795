"""The image sets that come with the program: `digits` (real) and two drawn sets of fundus photographs."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from engine.datasets.fundus import draw_fundus

BUILTIN_NAMES = ("digits", "fundus", "fundus-balanced")
GRADES = ("no DR", "mild", "moderate", "severe", "proliferative")


@dataclass(frozen=True)
class BuiltinImages:
    """A whole set in memory."""

    images: NDArray[np.uint8]
    """N × H × W × 3, RGB."""
    labels: NDArray[np.int64]
    splits: NDArray[np.str_] | None
    """`train` or `test` for each image; None where the set comes without a split."""
    class_names: tuple[str, ...]
    ordered: bool
    """Whether the classes are grades, each worse than the last."""


@dataclass(frozen=True)
class DrawnSet:
    """A set to draw: the seed of its eyes and how many of each grade its splits hold."""

    seed: int
    train: tuple[int, ...]
    test: tuple[int, ...]


DRAWN = {
    # The class shares of the study's data: 20,656 / 1,955 / 4,210 / 698 / 581 train images and
    # 5,154 / 488 / 1,082 / 175 / 127 test images.
    "fundus": DrawnSet(seed=2015, train=(470, 45, 96, 16, 13), test=(220, 21, 46, 8, 5)),
    "fundus-balanced": DrawnSet(seed=1851, train=(160,) * 5, test=(20,) * 5),
}


def load_builtin(name: str, size_px: int) -> BuiltinImages:
    """The set `name` at `size_px`; ValueError names the choices where there is no such set."""
    if name == "digits":
        return _digits(size_px)
    if name in DRAWN:
        return _drawn(DRAWN[name], size_px)
    raise ValueError(f"no built-in set is called {name!r}: choose one of {', '.join(BUILTIN_NAMES)}")


def _digits(size_px: int) -> BuiltinImages:
    """The test part of UCI's optical digits, as scikit-learn ships it: 1,797 images of 8×8, enlarged."""
    from sklearn.datasets import load_digits

    digits = load_digits()
    grey = np.rint(digits.images * (255 / 16)).astype(np.uint8)
    side = (size_px, size_px)
    large = np.stack(
        [np.asarray(Image.fromarray(image).resize(side, Image.Resampling.BICUBIC)) for image in grey]
    )
    return BuiltinImages(
        images=np.repeat(large[..., None], 3, axis=-1),
        labels=digits.target.astype(np.int64),
        splits=None,
        class_names=tuple(str(name) for name in digits.target_names),
        ordered=False,
    )


def _drawn(drawn: DrawnSet, size_px: int) -> BuiltinImages:
    """Draw a set: its train images first, then its test images, the grades in a seeded shuffle in each."""
    shuffle = np.random.Generator(np.random.PCG64(drawn.seed))
    train, test = (
        shuffle.permutation(np.repeat(np.arange(5), counts)) for counts in (drawn.train, drawn.test)
    )
    labels = np.concatenate([train, test])
    images = [draw_fundus(drawn.seed, index, int(grade), size_px) for index, grade in enumerate(labels)]
    return BuiltinImages(
        images=np.stack(images),
        labels=labels.astype(np.int64),
        splits=np.repeat(["train", "test"], [len(train), len(test)]),
        class_names=GRADES,
        ordered=True,
    )
