"""Area under the ROC curve of each class against the rest, from scores.

Undefined values are None, never 0 or NaN.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from engine.metrics.evaluation import Evaluation


def auc(positives: ArrayLike, negatives: ArrayLike) -> float | None:
    """Return the probability that a positive scores above a negative, ties counting half (Mann and Whitney 1947).

    None without positives or negatives, or where a score is NaN. One sort of the negatives: n log n."""
    import numpy as np

    ups, downs = np.asarray(positives), np.sort(np.asarray(negatives))  # NaN sorts last
    if not len(ups) or not len(downs) or np.isnan(ups).any() or np.isnan(downs[-1]):
        return None
    below, not_above = (np.searchsorted(downs, ups, side=side) for side in ("left", "right"))
    wins = (int(below.sum()) + int(not_above.sum())) / 2
    return wins / (len(ups) * len(downs))


def macro_auc(evaluation: Evaluation) -> float | None:
    """Return the unweighted mean of the classes' AUC; of two classes, the AUC of the second.

    None where the AUC of any class is, as in scikit-learn's `roc_auc_score(multi_class="ovr", average="macro")` and in
    MedMNIST v2 (Yang et al., Scientific Data 10 (2023) 41); and for predicted grades of three classes or more."""
    found = auc_per_class(evaluation) or ()
    defined = [value for value in found if value is not None]
    if not defined or len(defined) < len(found):
        return None
    return defined[1] if len(defined) == 2 else sum(defined) / len(defined)


def auc_per_class(evaluation: Evaluation) -> tuple[float | None, ...] | None:
    """Return the AUC of each class against all others by its own score; None for a class with no or all images.

    None for predicted grades of three classes or more: one number ranks no class between two others."""
    classes = len(evaluation.confusion)
    if evaluation.gives_grade and classes != 2:
        return None
    return tuple(_against_rest(evaluation, label) for label in range(classes))


def _against_rest(evaluation: Evaluation, label: int) -> float | None:
    is_class = evaluation.labels == label
    scores = _scores_of(evaluation, label)
    return auc(scores[is_class], scores[~is_class])


def _scores_of(evaluation: Evaluation, label: int) -> NDArray[Any]:
    if not evaluation.gives_grade:
        return evaluation.scores[:, label]
    grades = evaluation.scores[:, 0]
    return grades if label else -grades
