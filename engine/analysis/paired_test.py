"""Paired comparison of two runs' accuracies on the same images."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Paired:
    """Difference in accuracy of two networks on the same images."""

    images: int
    groups: int
    """Number of groups; the number of images where none share one."""
    only_first: int
    """Images that only the first network predicts correctly."""
    only_second: int
    difference: float
    """Accuracy of the first minus accuracy of the second."""
    low: float | None
    """Lower end of the difference's 95 % interval; None with fewer than two groups, or where all groups agree."""
    high: float | None

    @property
    def is_told_apart(self) -> bool:
        return self.low is not None and self.high is not None and (self.low > 0 or self.high < 0)


def paired_difference(
    first: NDArray[np.bool_], second: NDArray[np.bool_], groups: Sequence[str] | None = None
) -> Paired:
    """Compare two networks by the images that each predicted correctly (shape N each). `groups` names the group of each
    image: errors within a group are correlated, so groups, not images, are the independent samples.

    The interval is that of a ratio estimate over clusters (Cochran, Sampling Techniques, 3rd ed. 1977, section 6.3,
    with the clusters' sums of differences over their sizes), with Student's t. Raises ValueError where there are no
    images, or where the two numbers of images differ."""
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
