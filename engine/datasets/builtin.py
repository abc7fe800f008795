"""The image sets that come with the program: `digits` (real) and two drawn sets of fundus photographs."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from engine.datasets.synthetic.fundus import draw_fundus

BUILTIN_NAMES = ("digits", "fundus", "fundus-balanced")
GRADES = ("no DR", "mild", "moderate", "severe", "proliferative")


@dataclass(frozen=True)
class BuiltinTable:
    """What a set holds, image by image, without the images."""

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


def builtin_table(name: str) -> BuiltinTable:
    """Labels and splits of the set `name`, at once; ValueError names the choices where there is no such set."""
    if name == "digits":
        digits = _digits()
        names = tuple(str(each) for each in digits.target_names)
        return BuiltinTable(digits.target.astype(np.int64), None, names, ordered=False)
    if name in DRAWN:
        drawn = DRAWN[name]
        splits = np.repeat(["train", "test"], [sum(drawn.train), sum(drawn.test)])
        return BuiltinTable(_grades(drawn), splits, GRADES, ordered=True)
    raise ValueError(f"no built-in set is called {name!r}: choose one of {', '.join(BUILTIN_NAMES)}")


def builtin_images(name: str, size_px: int) -> NDArray[np.uint8]:
    """The images of the set `name` in its table's order, N × size × size × 3, RGB; seconds for a drawn set."""
    image_of = builtin_reader(name, size_px)
    return np.stack([image_of(row) for row in range(len(builtin_table(name).labels))])


def builtin_reader(name: str, size_px: int) -> Callable[[int], NDArray[np.uint8]]:
    """What gives any one image of the set `name` by its place in the table, size × size × 3, RGB."""
    if name == "digits":
        small = _digits().images
        return lambda row: _enlarged(small[row], size_px)
    drawn = DRAWN[name]
    grades = _grades(drawn)
    return lambda row: draw_fundus(drawn.seed, row, int(grades[row]), size_px)


def _digits() -> Any:
    """The test part of UCI's optical digits, as scikit-learn ships it: 1,797 images of 8×8, levels 0 to 16."""
    from sklearn.datasets import load_digits

    return load_digits()


def _enlarged(image: NDArray[np.float64], size_px: int) -> NDArray[np.uint8]:
    grey = Image.fromarray(np.rint(image * (255 / 16)).astype(np.uint8))
    return np.asarray(grey.resize((size_px, size_px), Image.Resampling.BICUBIC).convert("RGB"))


def _grades(drawn: DrawnSet) -> NDArray[np.int64]:
    """A drawn set's grades: its train images first, then its test images, in a seeded shuffle in each."""
    shuffle = np.random.Generator(np.random.PCG64(drawn.seed))
    parts = (shuffle.permutation(np.repeat(np.arange(5), counts)) for counts in (drawn.train, drawn.test))
    return np.concatenate(list(parts))
