"""Score interval of a difference of two shares of the same images, whose number need not be whole."""

import math
from collections.abc import Callable


def difference_bounds(more: float, less: float, images: float, quantile: float) -> tuple[float, float]:
    """Return the score interval of a difference of two shares of the same images.

    `more` images speak for the first, `less` for the second, the rest for neither. T. Tango, Equivalence test and
    confidence interval for the difference in proportions for the paired-sample design, Statistics in Medicine 17
    (1998) 891-908."""
    return lower_bound(more, less, images, quantile), -lower_bound(less, more, images, quantile)


def lower_bound(more: float, less: float, images: float, quantile: float) -> float:
    """Return the lower end of `difference_bounds`."""
    difference = (more - less) / images
    if difference <= -1:
        return -1.0
    return _crossing(lambda truth: score_at(more, less, images, truth), -1.0, difference, quantile)


def score_at(more: float, less: float, images: float, truth: float) -> float:
    """Return the score statistic of one true difference, with the nuisance share at its likeliest value."""
    middle = -more - less + (2 * images - more + less) * truth
    product = -less * truth * (1 - truth)
    root = math.sqrt(max(middle**2 - 8 * images * product, 0.0))
    variance = images * ((root - middle) / (2 * images) + truth * (1 - truth))
    distance = more - less - images * truth
    if variance <= 0:
        return math.copysign(math.inf, distance) if distance else 0.0
    return distance / math.sqrt(variance)


def _crossing(score: Callable[[float], float], low: float, high: float, level: float) -> float:
    """Bisect for the place where a falling function crosses a level."""
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if score(middle) > level else (low, middle)
    return (low + high) / 2
