"""Optimism of an accuracy whose epoch was chosen on the same test images."""

import math
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from engine.analysis.comparison.clusters import Clusters

HALVES = 50
"""Random halves; each is also used the other way round."""
SEED = 20_270_101

Chooser = Callable[[NDArray[np.float64]], NDArray[np.float64]]
"""From confusion matrices (…, classes, classes), rows the true classes, to the value that chooses; the higher wins."""


def accuracy_of(matrices: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(np.trace(matrices, axis1=-2, axis2=-1) / matrices.sum(axis=(-2, -1)))


def balanced_accuracy_of(matrices: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the mean recall of the classes that have images."""
    sizes = matrices.sum(axis=-1)
    hits = np.diagonal(matrices, axis1=-2, axis2=-1)
    recalls = np.divide(hits, sizes, out=np.zeros_like(hits), where=sizes > 0)
    return np.asarray(recalls.sum(axis=-1) / np.maximum((sizes > 0).sum(axis=-1), 1))


def quadratic_kappa_of(matrices: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the quadratic weighted kappa; 0 where it is undefined."""
    count = matrices.shape[-1]
    distance = (np.arange(count)[:, None] - np.arange(count)) ** 2
    rows, columns = matrices.sum(axis=-1), matrices.sum(axis=-2)
    total = np.maximum(matrices.sum(axis=(-2, -1)), 1)
    expected = (rows[..., :, None] * columns[..., None, :] * distance).sum(axis=(-2, -1)) / total
    seen = (matrices * distance).sum(axis=(-2, -1))
    return np.asarray(1 - np.divide(seen, expected, out=np.ones_like(seen), where=expected > 0))


def cohen_kappa_of(matrices: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return Cohen's unweighted kappa; 0 where it is undefined."""
    hits, expected, total = _agreement(matrices)
    room = total**2 - expected
    return np.asarray(np.divide(hits * total - expected, room, out=np.zeros_like(room), where=room > 0))


def mcc_of(matrices: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return Matthews' correlation coefficient of several classes (J. Gorodkin, Computational Biology and Chemistry 28
    (2004) 367-374); 0 where it is undefined."""
    hits, expected, total = _agreement(matrices)
    spreads = [total**2 - (matrices.sum(axis=axis) ** 2).sum(axis=-1) for axis in (-1, -2)]
    scale = np.sqrt(np.maximum(spreads[0] * spreads[1], 0.0))
    return np.asarray(np.divide(hits * total - expected, scale, out=np.zeros_like(scale), where=scale > 0))


def _agreement(
    matrices: NDArray[np.float64],
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Return the correct predictions, those expected by chance times the images, and the images."""
    expected = (matrices.sum(axis=-1) * matrices.sum(axis=-2)).sum(axis=-1)
    return np.asarray(np.trace(matrices, axis1=-2, axis2=-1)), expected, matrices.sum(axis=(-2, -1))


CHOOSERS: dict[str, Chooser] = {
    "test_acc": accuracy_of,
    "test_balanced_acc": balanced_accuracy_of,
    "test_kappa": quadratic_kappa_of,
    "test_cohen_kappa": cohen_kappa_of,
    "test_mcc": mcc_of,
}
"""Values of `select_on` whose choice can be repeated from the predicted classes alone."""


def optimism(
    labels: NDArray[np.int64],
    answers: NDArray[np.int64],
    select_on: str,
    groups: Sequence[str] | None = None,
) -> float | None:
    """Estimate by how much choosing the epoch on these test images raises the accuracy told of it.

    `answers` are the predicted classes of each epoch (epochs × N). The epoch is chosen on a random half of the images
    (of whole groups) and its accuracy told on both halves; the mean gap, over the square root of 2, for a half varies
    that much more than the whole. Simulated with known truth it is right within .005 (docs/compare.md). None for one
    epoch, for a `select_on` that needs probabilities, and for fewer than two groups."""
    choose = CHOOSERS.get(select_on)
    clusters = Clusters.of(len(labels), groups)
    if choose is None or len(answers) < 2 or clusters.count < 2:
        return None
    classes = int(max(labels.max(), answers.max())) + 1
    cells = Cells(labels * classes + answers.astype(np.int64), clusters.place, classes)
    rng = np.random.default_rng(SEED)
    gaps = [_gap(cells, rng.permutation(clusters.count) < clusters.count // 2, choose) for _ in range(HALVES)]
    return max(float(np.mean(gaps)) / math.sqrt(2), 0.0)


class Cells:
    """Predictions of each epoch as places in a confusion matrix (epochs × N)."""

    def __init__(self, cells: NDArray[np.int64], place: NDArray[np.int64], classes: int) -> None:
        self.cells, self.place, self.classes = cells, place, classes

    def of(self, chosen: NDArray[np.bool_]) -> NDArray[np.float64]:
        """Return the confusion matrix of each epoch on the chosen groups."""
        kept = self.cells[:, chosen[self.place]]
        size = self.classes**2
        shifted = kept + size * np.arange(len(kept))[:, None]
        counts = np.bincount(shifted.ravel(), minlength=size * len(kept)).astype(np.float64)
        return counts.reshape(len(kept), self.classes, self.classes)


def _gap(cells: Cells, half: NDArray[np.bool_], choose: Chooser) -> float:
    """Return the mean of both halves' accuracy where it chose less its accuracy where the other chose."""
    sides = cells.of(half), cells.of(~half)
    gap = 0.0
    for chooser, other in (sides, sides[::-1]):
        best = int(choose(chooser).argmax())
        gap += float(accuracy_of(chooser[best]) - accuracy_of(other[best])) / 2
    return gap
