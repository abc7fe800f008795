"""Confidence interval of a share measured on few images."""

import math

from engine.metrics.quantile import Z_95


def wilson_interval(share: float, n: float, quantile: float = Z_95) -> tuple[float, float]:
    """Return the score interval of a share of `n` independent images; `n` is above 0 and need not be whole.

    `quantile` is that of the normal distribution, which makes it a 95 % interval, or of Student's t. E. B. Wilson,
    Probable inference, the law of succession, and statistical inference, Journal of the American Statistical
    Association 22 (1927) 209-212."""
    shrink = 1 + quantile**2 / n
    centre = (share + quantile**2 / (2 * n)) / shrink
    half = quantile / shrink * math.sqrt(share * (1 - share) / n + quantile**2 / (4 * n**2))
    return max(centre - half, 0.0), min(centre + half, 1.0)
