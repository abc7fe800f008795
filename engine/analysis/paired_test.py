"""Whether one run's network answers better than another's: their accuracies on the same images."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Paired:
    """Two networks' answers to the same images, in accuracy."""

    images: int
    groups: int
    """As many as images where each stands alone."""
    only_first: int
    """Images that only the first network answers right."""
    only_second: int
    difference: float
    """The first's accuracy less the second's."""
    low: float | None
    """Of the 95 % interval of the difference; None where there are not two groups, or all say the same."""
    high: float | None

    @property
    def is_told_apart(self) -> bool:
        return self.low is not None and self.high is not None and (self.low > 0 or self.high < 0)


def paired_difference(
    first: NDArray[np.bool_], second: NDArray[np.bool_], groups: Sequence[str] | None = None
) -> Paired:
    """Which images each network answered right (N each), and the group of each image: members of a group err together,
    so groups, not images, are what is drawn at random.

    The interval is that of a ratio estimate over clusters (Cochran, Sampling Techniques, 3rd ed. 1977, section 6.3,
    with the clusters' sums of differences over their sizes), with Student's t. Raises ValueError where there are no
    images, or not as many of each."""
    from scipy.stats import t

    if len(first) != len(second) or not len(first):
        raise ValueError(f"{len(first)} and {len(second)} images cannot be compared")
    change = first.astype(np.int64) - second.astype(np.int64)
    place = np.unique(np.asarray(groups), return_inverse=True)[1] if groups else np.arange(len(change))
    sums, sizes = np.bincount(place, change), np.bincount(place)
    mean, count = change.mean(), len(sizes)
    spread = float(((sums - mean * sizes) ** 2).sum())
    low = high = None
    if count > 1 and spread > 0:
        error = math.sqrt(spread * count / (count - 1)) / len(change)
        reach = float(t.ppf(0.975, count - 1)) * error
        low, high = float(mean) - reach, float(mean) + reach
    return Paired(
        len(change), count, int((change > 0).sum()), int((change < 0).sum()), float(mean), low, high
    )
