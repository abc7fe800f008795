"""Simulated predictions of networks whose true accuracies are known, for the rates of `compare`."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Images:
    """Test images in groups, as eyes of patients or patients of clinics."""

    groups: int
    images: int
    spread: float
    """Standard deviation of the logarithm of the groups' sizes; 0: all alike."""
    shared: float
    """Share of a network's own errors that all images of a group have in common: both eyes err together."""

    def sizes(self, rng: np.random.Generator) -> NDArray[np.int64]:
        """Draw the size of each group."""
        weights = rng.lognormal(0, self.spread, self.groups)
        drawn = np.maximum(np.rint(self.images * weights / weights.sum()), 1)
        return drawn.astype(np.int64)

    @property
    def words(self) -> str:
        if self.groups == self.images:
            return f"{self.images:,} images"
        size = "unequal" if self.spread else f"of {self.images // self.groups}"
        together = ", err together" if self.shared else ""
        return f"{self.images:,} images, {self.groups:,} groups {size}{together}"


@dataclass(frozen=True)
class Recipe:
    """Recipe whose runs have a mean accuracy over seeds and images."""

    accuracy: float
    seeds: float = 0.0
    """Standard deviation between seeds, on the scale on which an image's difficulty varies by 1."""
    own: float = 0.0
    """Difference of the images that suit this recipe from those that suit another, on the same scale."""


NOISE = 0.6
"""Standard deviation of a run's own chance on each image."""


def predictions(
    rng: np.random.Generator, images: Images, recipes: Sequence[Recipe], runs: Sequence[int]
) -> tuple[list[NDArray[np.bool_]], NDArray[np.int64]]:
    """Draw which images each run of each recipe predicts correctly (runs × N), and each image's group."""
    sizes = images.sizes(rng)
    group = np.repeat(np.arange(len(sizes)), sizes)
    difficulty = _drawn(rng, (1,), group, 0.4)
    found = []
    for recipe, count in zip(recipes, runs, strict=True):
        score = difficulty + recipe.own * _drawn(rng, (1,), group, 0.5)
        score = score + recipe.seeds * rng.standard_normal((count, 1))
        score = score + NOISE * _drawn(rng, (count,), group, images.shared)
        total = math.sqrt(1 + recipe.own**2 + recipe.seeds**2 + NOISE**2)
        found.append(score < total * _quantile(recipe.accuracy))
    return found, group


def _drawn(
    rng: np.random.Generator, shape: tuple[int, ...], group: NDArray[np.int64], shared: float
) -> NDArray[np.float64]:
    """Draw standard normal values of each image, of whose variance a share is common to the group."""
    own = rng.standard_normal((*shape, len(group)))
    if not shared:
        return own
    common = rng.standard_normal((*shape, int(group.max()) + 1))[..., group]
    return np.asarray(math.sqrt(shared) * common + math.sqrt(1 - shared) * own)


def _quantile(share: float) -> float:
    from scipy.special import ndtri

    return float(ndtri(share))
