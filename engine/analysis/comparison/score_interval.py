"""Score intervals of shares and of differences of paired shares, for a number of images that need not be whole."""

import math
from collections.abc import Callable


def share_bounds(share: float, images: float, quantile: float) -> tuple[float, float]:
    """Return the score interval of a share of `images` independent images.

    `quantile` is that of the normal distribution, 1.96 for 95 %, or of Student's t. E. B. Wilson, Probable inference,
    the law of succession, and statistical inference, J. Am. Stat. Assoc. 22 (1927) 209-212."""
    shrink = 1 + quantile**2 / images
    centre = (share + quantile**2 / (2 * images)) / shrink
    half = quantile / shrink * math.sqrt(share * (1 - share) / images + quantile**2 / (4 * images**2))
    return max(centre - half, 0.0), min(centre + half, 1.0)


def difference_bounds(more: float, less: float, images: float, quantile: float) -> tuple[float, float]:
    """Return the score interval of a difference of two shares of the same images.

    `more` images speak for the first, `less` for the second, the rest for neither. T. Tango, Equivalence test and
    confidence interval for the difference in proportions for the paired-sample design, Statistics in Medicine 17
    (1998) 891-908."""
    difference = (more - less) / images

    def score(truth: float) -> float:
        return _score(more, less, images, truth)

    low = -1.0 if difference <= -1 else _crossing(score, -1.0, difference, quantile)
    high = 1.0 if difference >= 1 else _crossing(score, difference, 1.0, -quantile)
    return low, high


def _score(more: float, less: float, images: float, truth: float) -> float:
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
