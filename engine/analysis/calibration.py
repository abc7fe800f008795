"""How far a network's confidence is from how often it is right."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

BINS = 15
"""Of equal width, as in Guo et al. 2017."""


def calibration_error(right: ArrayLike, confidences: ArrayLike) -> float | None:
    """The expected calibration error: Σ over bins of |images right − sum of confidences| / all images.

    `right` says of each image whether its answer was, `confidences` are the probabilities of the answers, in
    [0, 1]. Bin m of 15 holds the confidences in ((m − 1)/15, m/15]. None without images or where one is not
    finite. Guo, Pleiss, Sun, Weinberger, On calibration of modern neural networks, ICML 2017, equation 3.
    """
    import numpy as np

    hits, values = np.asarray(right, dtype=np.float64), np.asarray(confidences, dtype=np.float64)
    if hits.shape != values.shape or hits.ndim != 1:
        raise ValueError(f"one confidence for each answer: {values.shape} confidences, {hits.shape} answers")
    if not len(values) or not np.isfinite(values).all():
        return None
    edges = np.linspace(0, 1, BINS + 1)
    bins = np.searchsorted(edges[1:-1], values, side="left")
    gaps = np.bincount(bins, weights=hits - values, minlength=BINS)
    return float(np.abs(gaps).sum()) / len(values)
