"""Random numbers that are functions of counters, not draws from a stream: all that a run draws but its weights."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

NETWORK, ORDER, FLIP, ANGLE, CROP_SIDE, CROP_X, CROP_Y = range(7)
"""Purposes of random numbers: different purposes see unrelated numbers. A new one goes to the end."""
MOST_PURPOSES = 64
COPY_STEP = 2**40
"""Step between the counters of an image's copies; there are fewer images."""


def mix(seed: int, epoch: int, purpose: int, rows: "NDArray[np.int64]") -> "NDArray[np.uint64]":
    """Return a 64-bit random number for each row, a pure function of its arguments.

    Three rounds of the SplitMix64 finaliser (Steele, Lea and Flood 2014) over the mixed-in counters."""
    import numpy as np

    with np.errstate(over="ignore"):
        value = _splitmix(np.full(len(rows), seed * MOST_PURPOSES + purpose, dtype=np.uint64))
        value = _splitmix(value ^ np.uint64(epoch))
        return _splitmix(value ^ rows.astype(np.uint64))


def share(numbers: "NDArray[np.uint64]") -> "NDArray[np.float64]":
    """Random numbers as floats, evenly spread over [0, 1)."""
    import numpy as np

    return np.asarray((numbers >> np.uint64(11)) * 2.0**-53, dtype=np.float64)


def _splitmix(value: "NDArray[np.uint64]") -> "NDArray[np.uint64]":
    import numpy as np

    value = value + np.uint64(0x9E3779B97F4A7C15)
    value = (value ^ (value >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    value = (value ^ (value >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return value ^ (value >> np.uint64(31))
