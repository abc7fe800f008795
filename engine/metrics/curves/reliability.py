"""Reliability diagram: how often what was said with a probability is true, bin by bin."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from engine.metrics.calibration import BINS, bins_of, calibration_error

if TYPE_CHECKING:
    from numpy.typing import ArrayLike


@dataclass(frozen=True)
class Bin:
    """Images whose probability lies in (low, high]; the first bin holds 0 too."""

    low: float
    high: float
    images: int
    said: float | None
    """Mean probability; None without images."""
    true: float | None
    """Share of the images for which it is true; None without images."""


@dataclass(frozen=True)
class Reliability:
    """Bins of `ece`, of equal width, and the calibration error."""

    bins: tuple[Bin, ...]
    error: float
    """Σ over bins of images · |true − said| / all images."""


def reliability(true: ArrayLike, probabilities: ArrayLike) -> Reliability | None:
    """Return the diagram of probabilities of something that is true or not, one of each for an image.

    The bins are those of `calibration_error`. None where that is: without images, or where one is not finite."""
    import numpy as np

    hits, values = np.asarray(true, dtype=np.float64), np.asarray(probabilities, dtype=np.float64)
    error = calibration_error(hits, values)
    if error is None:
        return None
    places = bins_of(values)
    counts = np.bincount(places, minlength=BINS)
    sums = [np.bincount(places, weights=each, minlength=BINS) for each in (values, hits)]
    found = []
    for number, count in enumerate(counts.tolist()):
        said, share = (float(total[number]) / count if count else None for total in sums)
        found.append(Bin(number / BINS, (number + 1) / BINS, count, said, share))
    return Reliability(tuple(found), error)
