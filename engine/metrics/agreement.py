"""Agreement of predictions and labels beyond chance, where the classes need no order; from the confusion matrix.

Undefined values are None, never 0 or NaN.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from engine.metrics.counts import as_counts

if TYPE_CHECKING:
    from numpy.typing import ArrayLike


def matthews_correlation(confusion: ArrayLike) -> float | None:
    """Return the Matthews correlation coefficient of any number of classes, −1 to 1; 0 is chance.

    Gorodkin, Comparing two K-category assignments by a K-category correlation coefficient, Computational Biology and
    Chemistry 28 (2004) 367-374. None where all images have one label or one prediction (scikit-learn gives 0)."""
    labels, predictions, correct, total = _margins(confusion)
    covariance = correct * total - _dot(labels, predictions)
    spread = (total**2 - _dot(labels, labels)) * (total**2 - _dot(predictions, predictions))
    return covariance / math.sqrt(spread) if spread else None


def cohen_kappa(confusion: ArrayLike) -> float | None:
    """Cohen's kappa without weights, −1 to 1; 0 is chance.

    Cohen, A coefficient of agreement for nominal scales, Educational and Psychological Measurement 20 (1960) 37-46.
    None where chance agrees always: without images, or with one class as all labels and all predictions."""
    labels, predictions, correct, total = _margins(confusion)
    by_chance = _dot(labels, predictions)
    room = total**2 - by_chance
    return (correct * total - by_chance) / room if room else None


def _margins(confusion: ArrayLike) -> tuple[list[int], list[int], int, int]:
    """Images of each class, predictions of each class, correct predictions, images: as integers of any size."""
    counts = as_counts(confusion)
    return counts.sum(axis=1).tolist(), counts.sum(axis=0).tolist(), int(counts.trace()), int(counts.sum())


def _dot(left: list[int], right: list[int]) -> int:
    return sum(one * other for one, other in zip(left, right, strict=True))
