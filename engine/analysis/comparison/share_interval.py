"""95 % interval of an accuracy or another share of images that may come in groups."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.analysis.comparison.clusters import Clusters
from engine.analysis.interval import wilson_interval
from engine.analysis.student import t_quantile


@dataclass(frozen=True)
class ShareInterval:
    """Share of images with its 95 % interval, and what it counts."""

    share: float
    low: float
    high: float
    images: int
    groups: int
    """Number of groups; the number of images where each is its own."""

    @property
    def by_groups(self) -> bool:
        return self.groups < self.images


def share_interval(
    correct: NDArray[np.bool_] | NDArray[np.float64], groups: Sequence[str] | None = None
) -> ShareInterval:
    """Return the share of True and its Wilson interval, of as many independent images as the groups are worth.

    Of several networks `correct` has the share of them that predicts each image correctly.

    The effective number of images is N over the design effect, the variance by groups over that of independent
    images, and never more than N; the quantile is Student's, with Bell and McCaffrey's degrees of freedom: N. Dean,
    M. Pagano, Evaluating confidence interval methods for binomial proportions in clustered surveys, J. Survey
    Statistics and Methodology 3 (2015) 484-503. Where all images are alike a group counts as one image. One group
    tells nothing: the interval is then 0 to 1. Raises ValueError where there are no images."""
    if not len(correct):
        raise ValueError("a share of no images has no interval")
    clusters = Clusters.of(len(correct), groups)
    share = float(correct.mean())
    if clusters.are_images:
        bounds = wilson_interval(share, clusters.images)
    elif clusters.count < 2:
        bounds = (0.0, 1.0)
    else:
        bounds = wilson_interval(share, effective_images(correct, clusters), t_quantile(clusters.degrees()))
    return ShareInterval(share, *bounds, clusters.images, clusters.count)


def effective_images(correct: NDArray[np.bool_] | NDArray[np.float64], clusters: Clusters) -> float:
    """Return how many independent images would give as sure a share."""
    share = float(correct.mean())
    independent = share * (1 - share) / clusters.images
    if not independent:
        return float(clusters.count)
    sums = clusters.sums(correct.astype(np.float64))
    effect = clusters.variance(sums - clusters.sizes * share) / independent
    return clusters.images / max(effect, 1.0)
