"""Built-in data sets: `digits` (real) and two sets of synthetic fundus photographs."""

import gzip
from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from engine.datasets.synthetic.fundus import draw_fundus

BUILTIN_NAMES = ("digits", "fundus", "fundus-balanced")
DIGITS = "datasets/data/digits.csv.gz"
"""Inside scikit-learn's package."""
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
        labels, _ = _digits()
        return BuiltinTable(labels, None, tuple("0123456789"), ordered=False)
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
        _, small = _digits()
        return lambda row: _enlarged(small[row], size_px)
    synthetic = SYNTHETIC[name]
    grades = _grades(synthetic)
    return lambda row: draw_fundus(synthetic.seed, row, int(grades[row]), size_px)


def _digits() -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Read labels and images of the test part of UCI's optical digits: 1,797 images of 8×8, levels 0 to 16.

    scikit-learn ships them; its file is read without the package, whose import takes a second and 130 MB."""
    package = find_spec("sklearn")
    assert package is not None and package.origin is not None, "scikit-learn is not installed"
    try:
        with gzip.open(Path(package.origin).parent / DIGITS, "rt") as file:
            table = np.loadtxt(file, delimiter=",")
    except FileNotFoundError:  # another version keeps it elsewhere
        from sklearn.datasets import load_digits

        found = load_digits()
        return found.target.astype(np.int64), found.images
    return table[:, -1].astype(np.int64), table[:, :-1].reshape(-1, 8, 8)


def _enlarged(image: NDArray[np.float64], size_px: int) -> NDArray[np.uint8]:
    grey = Image.fromarray(np.rint(image * (255 / 16)).astype(np.uint8))
    return np.asarray(grey.resize((size_px, size_px), Image.Resampling.BICUBIC).convert("RGB"))


def _grades(synthetic: SyntheticSet) -> NDArray[np.int64]:
    """Return the grades of a synthetic set, train images before test images, each part in a seeded shuffle."""
    shuffle = np.random.Generator(np.random.PCG64(synthetic.seed))
    splits = (synthetic.train, synthetic.test)
    return np.concatenate([shuffle.permutation(np.repeat(np.arange(5), counts)) for counts in splits])
