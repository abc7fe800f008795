"""Random numbers that are functions of counters, not draws from a stream."""

import numpy as np
from numpy.typing import NDArray

NETWORK, ORDER, FLIP, ANGLE, CROP_SIDE, CROP_X, CROP_Y = range(7)
"""Purposes of random numbers; different purposes get unrelated numbers."""
MOST_PURPOSES = 64


def mix(seed: int, epoch: int, purpose: int, rows: NDArray[np.int64]) -> NDArray[np.uint64]:
    """Return a 64-bit random number for each row, a pure function of the arguments.

    Formula: three rounds of the SplitMix64 finaliser (Steele, Lea and Flood 2014) over the counters."""
    with np.errstate(over="ignore"):
        value = _splitmix(np.full(len(rows), seed * MOST_PURPOSES + purpose, dtype=np.uint64))
        value = _splitmix(value ^ np.uint64(epoch))
        return _splitmix(value ^ rows.astype(np.uint64))


def share(numbers: NDArray[np.uint64]) -> NDArray[np.float64]:
    """Convert random numbers to floats, uniform over [0, 1)."""
    return np.asarray((numbers >> np.uint64(11)) * 2.0**-53, dtype=np.float64)


def _splitmix(value: NDArray[np.uint64]) -> NDArray[np.uint64]:
    value = value + np.uint64(0x9E3779B97F4A7C15)
    value = (value ^ (value >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    value = (value ^ (value >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return value ^ (value >> np.uint64(31))
