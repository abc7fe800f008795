"""Metrics from a confusion matrix: `confusion[i][j]` counts the images of true class i that were predicted as j.

Undefined values are None, never 0 or NaN.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray


def as_counts(confusion: ArrayLike) -> NDArray[Any]:
    """Return the matrix as int64; a ValueError unless it is square, whole and not negative."""
    import numpy as np

    matrix = np.asarray(confusion)
    if matrix.ndim != 2 or matrix.shape[0] != matrix.shape[1] or matrix.size == 0:
        raise ValueError(f"a confusion matrix is square and has a class at least, not {matrix.shape}")
    if not np.issubdtype(matrix.dtype, np.integer) or matrix.min() < 0:
        raise ValueError("a confusion matrix holds whole counts, none negative")
    return matrix.astype(np.int64)


def accuracy(confusion: ArrayLike) -> float | None:
    """Return the share of images predicted as their own class; None without images."""
    counts = as_counts(confusion)
    return share(int(counts.trace()), int(counts.sum()))


def predictions_per_class(confusion: ArrayLike) -> tuple[int, ...]:
    """Return how often each class was predicted."""
    return tuple(as_counts(confusion).sum(axis=0).tolist())


def recalls(confusion: ArrayLike) -> tuple[float | None, ...]:
    """Return the share of each class's images that were found; None for a class without images."""
    counts = as_counts(confusion)
    return shares(counts.diagonal().tolist(), counts.sum(axis=1).tolist())


def precisions(confusion: ArrayLike) -> tuple[float | None, ...]:
    """Return the share of each class's predictions that were correct; None for a class never predicted."""
    counts = as_counts(confusion)
    return shares(counts.diagonal().tolist(), counts.sum(axis=0).tolist())


def f1s(confusion: ArrayLike) -> tuple[float | None, ...]:
    """2·correct / (images + predictions) of each class; None for a class neither present nor predicted."""
    counts = as_counts(confusion)
    seen = counts.sum(axis=0) + counts.sum(axis=1)
    return shares((2 * counts.diagonal()).tolist(), seen.tolist())


def balanced_accuracy(confusion: ArrayLike) -> float | None:
    """Return the mean recall of the classes that have images."""
    return mean_of_defined(recalls(confusion))


def macro_f1(confusion: ArrayLike) -> float | None:
    """Return the mean F1 of the classes present or predicted: scikit-learn's with `zero_division=0`.

    A class that has images but is never predicted counts as 0, and so does one predicted without having images.
    """
    return mean_of_defined(f1s(confusion))


def baseline(counts: ArrayLike) -> float | None:
    """Return the accuracy of always predicting the most frequent true class; from a matrix or images per class."""
    import numpy as np

    array = np.asarray(counts)
    labels = as_counts(array).sum(axis=1) if array.ndim == 2 else array
    return share(int(labels.max()), int(labels.sum())) if labels.size else None


def quadratic_kappa(confusion: ArrayLike) -> float | None:
    """Cohen's kappa with weights (i − j)², for ordered classes; all classes count as grades, seen or not.

    None where chance makes no error either: without images, or with one class as all labels and all predictions.
    """
    import numpy as np

    counts = as_counts(confusion).astype(np.float64)
    total = counts.sum()
    if total == 0:
        return None
    grades = np.arange(len(counts))
    weights = (grades[:, None] - grades[None, :]) ** 2
    by_chance = np.outer(counts.sum(axis=1), counts.sum(axis=0)) / total
    expected = float((weights * by_chance).sum())
    return None if expected == 0 else 1 - float((weights * counts).sum()) / expected


def share(part: int, whole: int) -> float | None:
    """part / whole, None of nothing."""
    return part / whole if whole else None


def shares(parts: Sequence[int], wholes: Sequence[int]) -> tuple[float | None, ...]:
    """`share` of each pair."""
    return tuple(share(part, whole) for part, whole in zip(parts, wholes, strict=True))


def mean_of_defined(values: Sequence[float | None]) -> float | None:
    """Return the mean of the values that are defined, None if none is."""
    defined = [value for value in values if value is not None]
    return sum(defined) / len(defined) if defined else None
