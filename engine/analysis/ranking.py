"""How well scores tell referable images (grade ≥ 2) from the others, where classes are ordered grades.

Undefined values are None, never 0 or NaN.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from engine.analysis.metrics import as_counts, share

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

REFERABLE_GRADE = 2
"""The lowest grade of diabetic retinopathy that is sent to a specialist."""

SPECIFICITIES_PERCENT = (93, 98)
"""Whole percents at or below the two operating points of Gulshan et al., JAMA 316 (2016) 2402-2410: on EyePACS-1
they found sensitivity 97.5 % at specificity 93.4 %, and 90.3 % at 98.1 %."""


@dataclass(frozen=True)
class Referable:
    """What the answers and the scores of one evaluation say of referable images."""

    auc: float | None
    sensitivity: float | None
    """Of the answers: the share of referable images answered with a referable grade."""
    specificity: float | None
    """Of the answers: the share of the other images answered with a grade below."""
    sensitivity_at_93: float | None
    """The highest sensitivity that a threshold on the scores gives at a specificity of 93 % or more."""
    sensitivity_at_98: float | None


def referable_metrics(confusion: ArrayLike, labels: ArrayLike, scores: ArrayLike) -> Referable:
    """All of them; `labels` are the images' grades, `scores` images × classes or images × 1 as evaluated."""
    ranks = referable_scores(scores)
    at_93, at_98 = (sensitivity_at(labels, ranks, percent) for percent in SPECIFICITIES_PERCENT)
    return Referable(auc_referable(labels, ranks), *answered_referable(confusion), at_93, at_98)


def referable_scores(scores: ArrayLike) -> NDArray[Any]:
    """A score for each image: the sum of p(grade ≥ 2), or the grade itself where the network gives only that."""
    import numpy as np

    values = np.asarray(scores)
    columns = values if values.shape[1] == 1 else values[:, REFERABLE_GRADE:]
    return columns.sum(axis=1, dtype=np.float64)  # type: ignore[no-any-return]


def answered_referable(confusion: ArrayLike) -> tuple[float | None, float | None]:
    """Sensitivity and specificity of the answers, from counts; None for a side without images."""
    counts = as_counts(confusion)
    found = int(counts[REFERABLE_GRADE:, REFERABLE_GRADE:].sum())
    spared = int(counts[:REFERABLE_GRADE, :REFERABLE_GRADE].sum())
    positives, negatives = int(counts[REFERABLE_GRADE:].sum()), int(counts[:REFERABLE_GRADE].sum())
    return share(found, positives), share(spared, negatives)


def auc_referable(labels: ArrayLike, scores: ArrayLike) -> float | None:
    """The chance that a referable image scores above one that is not; ties count half.

    `scores` are one for each label. None when either side has no image, or when a score is NaN.
    """
    import numpy as np

    sides = _sides(labels, scores)
    if sides is None:
        return None
    positives, negatives = (len(side) for side in sides)
    _, places, ties = np.unique(np.concatenate(sides), return_inverse=True, return_counts=True)
    mean_ranks = np.cumsum(ties) - (ties - 1) / 2
    rank_sum = float(mean_ranks[places][:positives].sum())
    return (rank_sum - positives * (positives + 1) / 2) / (positives * negatives)


def sensitivity_at(labels: ArrayLike, scores: ArrayLike, specificity_percent: int) -> float | None:
    """The highest sensitivity among the thresholds whose specificity is at least so many percent (below 100).

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
    """The scores of the referable images and of the others; None where nothing can be ranked."""
    import numpy as np

    values = np.asarray(scores, dtype=np.float64)
    referable = np.asarray(labels) >= REFERABLE_GRADE
    if values.shape != referable.shape or values.ndim != 1:
        raise ValueError(f"one score for each label: {values.shape} scores, {referable.shape} labels")
    if referable.all() or not referable.any() or np.isnan(values).any():
        return None
    return values[referable], values[~referable]
