"""Paired test of two networks on the same test images, with an interval of the difference that agrees with it."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from engine.analysis.comparison.clusters import Clusters
from engine.analysis.comparison.score_interval import difference_bounds, lower_bound, score_at
from engine.analysis.comparison.sign_flip import sign_flip_p
from engine.analysis.student import LEVEL, t_quantile, t_test_p

LEAST_GROUPS = 3
"""Fewer groups tell nothing: their errors may be one patient's."""
FEW_GROUPS = 6
"""With no more groups than these, flipped signs alone can hardly reach the level."""
LEAST_DIFFERING = 5
"""Groups that differ from which on flipped signs can reach the level: mid-p 1/32."""
SMALL_COUNT = 25
"""Below so many images that only one network predicts correctly, the t test is no more certain than the exact one."""

Method: TypeAlias = Literal[
    "mid-p McNemar test", "sign flips of images", "sign flips of whole groups", "t test over groups", ""
]


@dataclass(frozen=True)
class PairedTest:
    """Difference in accuracy of two networks, or of two sets of networks, on the same images."""

    images: int
    groups: int
    """Number of groups; the number of images where each is its own."""
    first: float
    """Accuracy of the first; of several networks their mean."""
    second: float
    only_first: float
    """Images that only the first predicts correctly; of several networks a mean, which need not be whole."""
    only_second: float
    low: float | None
    """Lower end of the difference's 95 % interval; None where nothing can be told."""
    high: float | None
    p: float | None
    method: Method
    why_not: str = ""
    """Reason that there is no p; empty where there is."""
    variance: float = 0.0
    """Variance of the difference, by groups."""
    design_effect: float = 1.0
    """The same over its variance if all images were independent."""

    @property
    def difference(self) -> float:
        return self.first - self.second

    @property
    def is_told_apart(self) -> bool:
        return self.p is not None and self.p < LEVEL


def paired_test(
    first: NDArray[np.bool_], second: NDArray[np.bool_], groups: Sequence[str] | None = None
) -> PairedTest:
    """Test whether two networks are equally often right on images like these.

    `first` and `second` tell which images were predicted correctly (shape N, or networks × N where the mean of
    several is compared). `groups` names the group of each image. Images without groups: the mid-p McNemar test.
    Groups: signs of whole groups are flipped; of at most six groups, where that can reach no level, a t test with
    Bell and McCaffrey's variance, never more certain than the exact test of the images where counts are small; with
    the mean of their degrees of freedom, which tell equal networks apart too seldom, and of one less than groups,
    which do so too often (docs/LOG.md). Two groups tell nothing. Raises ValueError where there are no images, or where
    their numbers differ."""
    one, other = np.atleast_2d(first).astype(np.int64), np.atleast_2d(second).astype(np.int64)
    if one.shape[1] != other.shape[1] or not one.size:
        raise ValueError(f"{one.shape[1]} and {other.shape[1]} images cannot be compared")
    clusters = Clusters.of(one.shape[1], groups)
    scale = len(one) * len(other)
    change = len(other) * one.sum(axis=0) - len(one) * other.sum(
        axis=0
    )  # whole numbers, `scale` times too large
    accuracies = float(one.mean()), float(other.mean())
    more, less = (float(np.maximum(sign * change, 0).sum()) / scale for sign in (1, -1))
    if clusters.count < LEAST_GROUPS:
        why = _too_few(clusters)
        return PairedTest(clusters.images, clusters.count, *accuracies, more, less, None, None, None, "", why)
    variance = difference_variance(change / scale, clusters)
    effect = design_effect(variance, more, less, clusters.images)
    p, method = change_p(change, clusters)
    if scale > 1 and method == "mid-p McNemar test":
        method = "sign flips of images"
    bounds = interval((more, less, clusters.images), effect, clusters.degrees(), p)
    return PairedTest(
        clusters.images, clusters.count, *accuracies, more, less, *bounds, p, method, "", variance, effect
    )


def _too_few(clusters: Clusters) -> str:
    if clusters.are_images:
        return f"{clusters.images} test images are too few to tell anything"
    groups = "1 group" if clusters.count == 1 else f"{clusters.count} groups"
    return f"the test images are of {groups}: too few to tell anything"


def change_p(change: NDArray[np.int64], clusters: Clusters) -> tuple[float, Method]:
    """Return the two-sided p of no mean change, and how it was found; `change` is a whole number for each image."""
    sums = np.rint(clusters.sums(change.astype(np.float64))).astype(np.int64)
    if clusters.are_images:
        return sign_flip_p(sums), "mid-p McNemar test"
    if clusters.count > FEW_GROUPS or (sums != 0).sum() >= LEAST_DIFFERING:
        return sign_flip_p(sums), "sign flips of whole groups"
    mean = float(change.mean())
    error = math.sqrt(difference_variance(change.astype(np.float64), clusters))
    degrees = (clusters.degrees() + clusters.count - 1) / 2
    p = t_test_p(mean, error, degrees) if error else float(not mean)
    if (change != 0).sum() < SMALL_COUNT:
        p = max(p, sign_flip_p(change))
    return p, "t test over groups"


def difference_variance(change: NDArray[np.float64], clusters: Clusters) -> float:
    """Return the variance of the mean change, by groups."""
    return clusters.variance(clusters.sums(change) - clusters.sizes * change.mean())


def design_effect(variance: float, more: float, less: float, images: int) -> float:
    """Return a variance of a difference over that of as many independent images; 1 where it is undefined."""
    difference = (more - less) / images
    independent = ((more + less) / images - difference**2) / images
    return min(variance / independent, float(images)) if independent > 0 and variance > 0 else 1.0


def interval(
    counts: tuple[float, float, int], effect: float, degrees: float, p: float
) -> tuple[float, float]:
    """Return the score interval of a difference, of so many fewer images as they err together.

    `counts`: images for the first, for the second, and all. The interval agrees with the test: it holds 0 where p
    reaches the level, and else does not. Where the score and the test differ in that, the end next to 0 is found by
    the score scaled so that it gives the test's p at 0: the scaled score is then the test there."""
    more, less, images = counts
    quantile = t_quantile(degrees)
    kept = more / effect, less / effect, images / effect
    low, high = difference_bounds(*kept, quantile)
    if (low <= 0 <= high) is (p >= LEVEL):
        return low, high
    scaled = quantile * abs(score_at(*kept, 0.0)) / t_quantile(degrees, p / 2)
    if more > less:
        low = lower_bound(*kept, scaled)
        return (min(low, 0.0) if p >= LEVEL else low), high
    high = -lower_bound(kept[1], kept[0], kept[2], scaled)
    return low, (max(high, 0.0) if p >= LEVEL else high)
