"""Confidence interval of a share measured on few images."""

import math

Z_95 = 1.959964
"""97.5 % point of the normal distribution."""


def wilson_interval(share: float, n: int) -> tuple[float, float]:
    """Return the 95 % score interval of a share of `n` independent images; `n` is at least 1.

    E. B. Wilson, Probable inference, the law of succession, and statistical inference,
    Journal of the American Statistical Association 22 (1927) 209-212."""
    shrink = 1 + Z_95**2 / n
    centre = (share + Z_95**2 / (2 * n)) / shrink
    half = Z_95 / shrink * math.sqrt(share * (1 - share) / n + Z_95**2 / (4 * n**2))
    return max(centre - half, 0.0), min(centre + half, 1.0)
