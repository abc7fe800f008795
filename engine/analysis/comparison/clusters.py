"""Means over images that come in groups: their variance, and how far it may be believed."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Clusters:
    """Groups of images: images of one group err together, so groups, not images, are the independent samples."""

    place: NDArray[np.int64]
    """Number of each image's group."""
    sizes: NDArray[np.float64]
    """Images of each group."""

    @classmethod
    def of(cls, images: int, groups: Sequence[str] | None) -> "Clusters":
        """Number the groups of the images; without groups each image is its own."""
        if groups is None:
            return cls(np.arange(images), np.ones(images))
        if len(groups) != images:
            raise ValueError(f"{len(groups)} groups of {images} images")
        place = np.unique(np.asarray(groups), return_inverse=True)[1].astype(np.int64)
        return cls(place, np.bincount(place).astype(np.float64))

    @property
    def count(self) -> int:
        return len(self.sizes)

    @property
    def images(self) -> int:
        return len(self.place)

    @property
    def are_images(self) -> bool:
        """Tell whether each image is its own group."""
        return self.count == self.images

    def sums(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Sum values of images (shape …×N) over each group (…×groups)."""
        flat = values.reshape(-1, self.images)
        sums = np.stack([np.bincount(self.place, row, self.count).astype(np.float64) for row in flat])
        return sums.reshape(*values.shape[:-1], self.count)

    def variance(self, deviations: NDArray[np.float64]) -> float:
        """Return the variance of a mean over all images, of the groups' sums of deviations from it.

        The bias-reduced linearisation CR2 for a mean: R. M. Bell, D. F. McCaffrey, Bias reduction in standard errors
        for linear regression with multi-stage samples, Survey Methodology 28 (2002) 169-181. There are at least two
        groups."""
        share = self.sizes / self.images
        return float((deviations**2 / (1 - share)).sum()) / self.images**2

    def degrees(self) -> float:
        """Return the degrees of freedom of `variance` by Satterthwaite's approximation for independent images.

        With groups of one size there is one less than groups; a group that holds most images leaves fewer, though
        never less than one (Bell and McCaffrey 2002, in closed form for a mean)."""
        share = self.sizes / self.images
        across = share**2 / (1 - share)
        return max(1 / float((share**2).sum() + across.sum() ** 2 - (across**2).sum()), 1.0)
