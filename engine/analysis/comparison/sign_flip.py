"""Exact test of paired differences by flipping the signs of whole groups."""

import math

import numpy as np
from numpy.typing import NDArray

LONGEST = 2**20
"""Largest sum whose exact distribution is computed; beyond it the normal distribution is as good."""
SMALLEST_P = 1e-12
"""Smallest p that is given: the exact distribution is computed with an error of about 1e-15."""


def sign_flip_p(sums: NDArray[np.int64]) -> float:
    """Return the two-sided mid-p of the hypothesis that each group's sum of differences is as likely negative.

    `sums` has an integer for each group. All 2^groups assignments of signs are counted, at once: the distribution of
    the flipped total has the characteristic function Π cos(sum · t), whose inverse Fourier transform is exact for
    integers. Where each group is one image it is the mid-p McNemar test (M. W. Fagerland, S. Lydersen, P. Laake, The
    McNemar test for binary matched-pairs data, BMC Medical Research Methodology 13 (2013) 91)."""
    sizes = np.abs(sums[sums != 0]).astype(np.int64)
    observed = abs(int(sums.sum()))
    if not observed:
        return 1.0
    sizes //= (divisor := int(np.gcd.reduce(sizes)))
    observed //= divisor
    total = int(sizes.sum())
    if total > LONGEST:
        return max(math.erfc(observed / math.sqrt(2 * float((sizes.astype(float) ** 2).sum()))), SMALLEST_P)
    chances = _distribution(sizes, total)
    beyond, at = float(chances[observed + 1 : total + 1].sum()), float(chances[observed])
    return min(max(2 * beyond + at, SMALLEST_P), 1.0)


def _distribution(sizes: NDArray[np.int64], total: int) -> NDArray[np.float64]:
    """Return the chance of each total of the flipped sizes; a negative total stands at the end, as in a Fourier
    transform."""
    length = 1 << (2 * total + 1).bit_length()
    angles = 2 * np.pi * np.arange(length // 2 + 1) / length
    transform = np.ones(len(angles))
    for size, count in zip(*np.unique(sizes, return_counts=True), strict=True):
        transform *= np.cos(size * angles) ** count
    return np.clip(np.fft.irfft(transform, length), 0.0, None)
