"""Test of two recipes, each trained with several seeds and measured on the same test images."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.analysis.comparison.clusters import Clusters
from engine.analysis.comparison.paired import difference_variance
from engine.analysis.comparison.share_interval import share_interval
from engine.analysis.interval import wilson_interval
from engine.analysis.student import LEVEL, t_quantile, t_test_p

LEAST_SEEDS = 3
"""Fewer runs of a recipe say nothing of how much seeds matter."""
WELCH = 0.25
"""Weight of Welch's degrees of freedom against those of the pooled variance, for equal numbers of runs: Welch's alone
tell three runs of equal recipes apart in 2 %, the pooled ones those of very unequal spread in 10 % (docs/LOG.md)."""


@dataclass(frozen=True)
class Parts:
    """Variance of a difference of two means over runs and images, in its parts; each is that of the difference."""

    images: float
    """By images alone, the runs as they are: recipes that suit different images, and chance of each run and image."""
    seeds: float
    """By runs alone, the images as they are: differences of the runs' accuracies."""
    chance: float
    """Chance of each run and image, which both contain."""
    degrees: float = math.inf
    """Degrees of freedom of the images' part."""

    @property
    def total(self) -> float:
        return self.images + self.seeds - self.chance


@dataclass(frozen=True)
class RecipeTest:
    """Difference in mean accuracy of two recipes, for other seeds and other images like these."""

    images: int
    groups: int
    first: float
    second: float
    first_sd: float
    """Standard deviation between the runs of the first."""
    second_sd: float
    first_runs: int
    second_runs: int
    low: float
    high: float
    p: float
    parts: Parts

    @property
    def difference(self) -> float:
        return self.first - self.second

    @property
    def is_told_apart(self) -> bool:
        return self.p < LEVEL


def recipe_test(
    first: NDArray[np.bool_], second: NDArray[np.bool_], groups: Sequence[str] | None = None
) -> RecipeTest:
    """Test whether two recipes are equally accurate, counting both test images and seeds.

    `first` and `second` tell which images each run predicts correctly (runs × N, at least three runs each). The
    variance of the difference is that of images plus that of seeds less what both count, as for readers and cases in
    radiology (B. D. Gallas, One-shot estimate of MRMC variance: AUC, Academic Radiology 13 (2006) 353-362; two-way
    clustering: A. C. Cameron, J. B. Gelbach, D. L. Miller, J. Business & Economic Statistics 29 (2011) 238-249), with
    Satterthwaite's degrees of freedom; for equal numbers of runs between those of Welch and of the pooled variance.
    By chance the total may come out smaller than the images' part alone: that has a test of its own at twice the
    level, which keeps equal recipes apart in 3 to 7 % also where seeds hardly matter (docs/compare.md)."""
    one, other = first.astype(np.float64), second.astype(np.float64)
    clusters = Clusters.of(one.shape[1], groups)
    parts, degrees = _parts(one, other, clusters)
    difference = float(one.mean() - other.mean())
    of_images = math.sqrt(parts.images), clusters.degrees()
    reach = t_quantile(of_images[1], LEVEL) * of_images[0]
    p = _p(difference, *of_images) / 2
    if parts.total > 0:
        error = math.sqrt(parts.total)
        reach, p = max(reach, t_quantile(degrees) * error), max(p, _p(difference, error, degrees))
    return RecipeTest(
        clusters.images,
        clusters.count,
        float(one.mean()),
        float(other.mean()),
        _spread(one),
        _spread(other),
        len(one),
        len(other),
        difference - reach,
        difference + reach,
        p,
        parts,
    )


@dataclass(frozen=True)
class MeanInterval:
    """Mean accuracy of a recipe with its 95 % interval, for other seeds and other images like these."""

    mean: float
    sd: float
    low: float
    high: float


def mean_interval(correct: NDArray[np.bool_], groups: Sequence[str] | None = None) -> MeanInterval:
    """Return a recipe's mean accuracy (runs × N, at least three runs) and its interval over images and seeds.

    Wilson's score interval of as many independent images as the mean is worth, share (1 − share) over its variance,
    with Student's t. The variance is made up as in `recipe_test`, and never less than the images' part; the interval
    is never narrower than that of the images alone, which is all there is where no run errs or all do."""
    rows = correct.astype(np.float64)
    clusters = Clusters.of(rows.shape[1], groups)
    mean, sd = float(rows.mean()), _spread(rows)
    least = share_interval(rows.mean(axis=0), groups)
    variance, degrees = _mean_variance(rows, clusters) if clusters.count > 1 else (0.0, 0.0)
    worth = mean * (1 - mean) / variance if variance else 0.0
    if not worth:
        return MeanInterval(mean, sd, least.low, least.high)
    low, high = wilson_interval(mean, worth, t_quantile(degrees))
    return MeanInterval(mean, sd, min(low, least.low), max(high, least.high))


def _mean_variance(rows: NDArray[np.float64], clusters: Clusters) -> tuple[float, float]:
    """Return the variance of a mean accuracy over images and runs, and its degrees of freedom."""
    runs = len(rows)
    images = difference_variance(rows.mean(axis=0), clusters)
    seeds, chance = _spread(rows) ** 2 / runs, _chance(rows, clusters)
    total = max(images + seeds - chance, images)
    doubt = images**2 / clusters.degrees() + seeds**2 / (runs - 1)
    return total, max(total**2 / doubt, runs - 1) if doubt else runs - 1


def _spread(correct: NDArray[np.float64]) -> float:
    return float(correct.mean(axis=1).std(ddof=1))


def _p(difference: float, error: float, degrees: float) -> float:
    return t_test_p(difference, error, degrees) if error else float(not difference)


def _parts(one: NDArray[np.float64], other: NDArray[np.float64], clusters: Clusters) -> tuple[Parts, float]:
    """Return the parts of the variance and the degrees of freedom of their total."""
    images = difference_variance(one.mean(axis=0) - other.mean(axis=0), clusters)
    seeds = [float(each.mean(axis=1).var(ddof=1)) / len(each) for each in (one, other)]
    chance = sum(_chance(each, clusters) for each in (one, other))
    parts = Parts(images, sum(seeds), chance, clusters.degrees())
    doubt = (images - chance) ** 2 / clusters.degrees()
    most = clusters.degrees() + len(one) + len(other) - 2
    least = min(len(one), len(other)) - 1
    welch = sum(part**2 / (len(each) - 1) for part, each in zip(seeds, (one, other), strict=True))
    degrees = _satterthwaite(parts.total, doubt + welch, (least, most))
    if len(one) == len(other):
        pooled = parts.seeds**2 / (2 * least)
        of_pooled = _satterthwaite(parts.total, doubt + pooled, (2 * least, most))
        degrees = WELCH * degrees + (1 - WELCH) * of_pooled
    return parts, degrees


def _satterthwaite(variance: float, doubt: float, limits: tuple[float, float]) -> float:
    """Return the degrees of freedom of a sum of variances; `doubt` is the sum of their squares over their own."""
    least, most = limits
    return min(max(variance**2 / doubt, least), most) if doubt else most


def _chance(correct: NDArray[np.float64], clusters: Clusters) -> float:
    """Return the variance of a recipe's mean accuracy by what neither its images nor its runs explain."""
    runs = len(correct)
    rest = correct - correct.mean(axis=0)
    rest -= rest.mean(axis=1, keepdims=True)
    return sum(clusters.variance(sums) for sums in clusters.sums(rest)) / (runs - 1) / runs
