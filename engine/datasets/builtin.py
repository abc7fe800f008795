"""Built-in data sets: `digits` (real) and two sets of synthetic fundus photographs."""

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
    """Labels and splits of a built-in set, one for each image."""

    labels: NDArray[np.int64]
    splits: NDArray[np.str_] | None
    """`train` or `test` for each image; None where the set has no split of its own."""
    class_names: tuple[str, ...]
    ordered: bool
    """True where the classes are grades, each worse than the last."""


@dataclass(frozen=True)
class SyntheticSet:
    """Recipe of a synthetic set: the seed of its eyes and the number of images of each grade in its splits."""

    seed: int
    train: tuple[int, ...]
    test: tuple[int, ...]


SYNTHETIC = {
    # The class shares of the study's data: 20,656 / 1,955 / 4,210 / 698 / 581 train images and
    # 5,154 / 488 / 1,082 / 175 / 127 test images.
    "fundus": SyntheticSet(seed=2015, train=(470, 45, 96, 16, 13), test=(220, 21, 46, 8, 5)),
    "fundus-balanced": SyntheticSet(seed=1851, train=(160,) * 5, test=(20,) * 5),
}


def builtin_table(name: str) -> BuiltinTable:
    """Return labels and splits of the set `name` without drawing an image.

    Raises ValueError, which names the choices, where there is no such set."""
    if name == "digits":
        digits = _digits()
        names = tuple(str(each) for each in digits.target_names)
        return BuiltinTable(digits.target.astype(np.int64), None, names, ordered=False)
    if name in SYNTHETIC:
        synthetic = SYNTHETIC[name]
        splits = np.repeat(["train", "test"], [sum(synthetic.train), sum(synthetic.test)])
        return BuiltinTable(_grades(synthetic), splits, GRADES, ordered=True)
    raise ValueError(f"no built-in set is called {name!r}: choose one of {', '.join(BUILTIN_NAMES)}")


def builtin_images(name: str, size_px: int) -> NDArray[np.uint8]:
    """Make the images of the set `name` in its table's order, N × size × size × 3, RGB.

    A synthetic set takes seconds."""
    image_of = builtin_reader(name, size_px)
    return np.stack([image_of(row) for row in range(len(builtin_table(name).labels))])


def builtin_reader(name: str, size_px: int) -> Callable[[int], NDArray[np.uint8]]:
    """Return a function from a row of the set's table to its image, size × size × 3, RGB."""
    if name == "digits":
        small = _digits().images
        return lambda row: _enlarged(small[row], size_px)
    synthetic = SYNTHETIC[name]
    grades = _grades(synthetic)
    return lambda row: draw_fundus(synthetic.seed, row, int(grades[row]), size_px)


def _digits() -> Any:
    """Load the test part of UCI's optical digits from scikit-learn: 1,797 images of 8×8, levels 0 to 16."""
    from sklearn.datasets import load_digits

    return load_digits()


def _enlarged(image: NDArray[np.float64], size_px: int) -> NDArray[np.uint8]:
    grey = Image.fromarray(np.rint(image * (255 / 16)).astype(np.uint8))
    return np.asarray(grey.resize((size_px, size_px), Image.Resampling.BICUBIC).convert("RGB"))


def _grades(synthetic: SyntheticSet) -> NDArray[np.int64]:
    """Return the grades of a synthetic set, train images before test images, each part in a seeded shuffle."""
    shuffle = np.random.Generator(np.random.PCG64(synthetic.seed))
    splits = (synthetic.train, synthetic.test)
    return np.concatenate([shuffle.permutation(np.repeat(np.arange(5), counts)) for counts in splits])
