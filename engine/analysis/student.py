"""Student's t: its quantiles, and the p of a difference."""

import functools

LEVEL = 0.05
"""Chance of a false difference that a test may have."""


@functools.cache
def t_quantile(degrees: float, tail: float = LEVEL / 2) -> float:
    """Return the point of Student's t that is exceeded with the chance `tail`; infinite degrees are the normal
    distribution."""
    from scipy.special import stdtrit

    return float(stdtrit(degrees, 1 - tail))


def t_test_p(difference: float, error: float, degrees: float) -> float:
    """Return the two-sided p of Student's t."""
    from scipy.special import stdtr

    return float(2 * stdtr(degrees, -abs(difference) / error))
