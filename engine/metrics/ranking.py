"""Sensitivity, specificity and AUC of referable images (grade ≥ 2) against the others, where classes are grades.

Undefined values are None, never 0 or NaN.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from engine.metrics.auc import auc
from engine.metrics.counts import as_counts, share

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from engine.metrics.evaluation import Evaluation

REFERABLE_GRADE = 2
"""The lowest grade of diabetic retinopathy that is sent to a specialist."""

SPECIFICITIES_PERCENT = (93, 98)
"""Whole percents at or below the two operating points of Gulshan et al., JAMA 316 (2016) 2402-2410: on EyePACS-1
they found sensitivity 97.5 % at specificity 93.4 %, and 90.3 % at 98.1 %."""


def has_referable(evaluation: Evaluation) -> bool:
    """Return whether the classes are ordered grades and reach past the lowest referable one: three classes or more."""
    return evaluation.ordered and len(evaluation.confusion) > REFERABLE_GRADE


def referable_scores(scores: ArrayLike) -> NDArray[Any]:
    """Return a score for each image: the sum of p(grade ≥ 2), or the grade itself where the network gives only that."""
    import numpy as np

    values = np.asarray(scores)
    columns = values if values.shape[1] == 1 else values[:, REFERABLE_GRADE:]
    return columns.sum(axis=1, dtype=np.float64)  # type: ignore[no-any-return]


def predicted_referable(confusion: ArrayLike) -> tuple[float | None, float | None]:
    """Sensitivity and specificity of the predictions, from counts; None for a side without images."""
    counts = as_counts(confusion)
    found = int(counts[REFERABLE_GRADE:, REFERABLE_GRADE:].sum())
    spared = int(counts[:REFERABLE_GRADE, :REFERABLE_GRADE].sum())
    positives, negatives = int(counts[REFERABLE_GRADE:].sum()), int(counts[:REFERABLE_GRADE].sum())
    return share(found, positives), share(spared, negatives)


def auc_referable(labels: ArrayLike, scores: ArrayLike) -> float | None:
    """Return the probability that a referable image scores above one that is not; ties count half.

    `scores` are one for each label. None when either side has no image, or when a score is NaN.
    """
    sides = _sides(labels, scores)
    return None if sides is None else auc(*sides)


def sensitivity_at(labels: ArrayLike, scores: ArrayLike, specificity_percent: int) -> float | None:
    """Return the highest sensitivity among the thresholds whose specificity is at least so many percent (below 100).

    A point of the empirical curve, not interpolated. None when either side has no image, or a score is NaN.
    """
    import numpy as np

    sides = _sides(labels, scores)
    if sides is None:
        return None
    referable, others = sides
    false_alarms = len(others) * (100 - specificity_percent) // 100
    highest_spared = np.partition(others, len(others) - 1 - false_alarms)[len(others) - 1 - false_alarms]
    return share(int((referable > highest_spared).sum()), len(referable))


def _sides(labels: ArrayLike, scores: ArrayLike) -> tuple[NDArray[Any], NDArray[Any]] | None:
    """Return the scores of the referable images and of the others; None where nothing can be ranked."""
    import numpy as np

    values = np.asarray(scores, dtype=np.float64)
    referable = np.asarray(labels) >= REFERABLE_GRADE
    if values.shape != referable.shape or values.ndim != 1:
        raise ValueError(f"one score for each label: {values.shape} scores, {referable.shape} labels")
    if referable.all() or not referable.any() or np.isnan(values).any():
        return None
    return values[referable], values[~referable]
