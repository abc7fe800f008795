"""Network's predictions on fresh images, and numbers of them."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Look:
    """Predictions on some images, image by image, weighted to the class shares of a run's test images."""

    labels: NDArray[np.int64]
    predictions: NDArray[np.int64]
    nll: NDArray[np.float64]
    weights: NDArray[np.float64]
    """They add up to 1."""

    @property
    def right(self) -> NDArray[np.bool_]:
        return np.asarray(self.predictions == self.labels)

    @property
    def accuracy(self) -> float:
        return float(self.weights @ self.right)

    @property
    def mean_nll(self) -> float:
        return float(self.weights @ self.nll)

    def predicted_shares(self, classes: int) -> NDArray[np.float64]:
        return np.asarray(np.bincount(self.predictions, weights=self.weights, minlength=classes), np.float64)

    def recalls(self, classes: int) -> NDArray[np.float64]:
        found = np.bincount(self.labels[self.right], minlength=classes)
        shares: NDArray[np.float64] = found / np.maximum(np.bincount(self.labels, minlength=classes), 1)
        return shares

    def kappa(self, classes: int, power: int) -> float:
        """Cohen's kappa; `power` 0 counts exact agreement, 2 squared distances between grades. 0 where undefined."""
        table = np.zeros((classes, classes))
        np.add.at(table, (self.labels, self.predictions), self.weights)
        places = np.arange(classes)
        distance = np.abs(places[:, None] - places).astype(float) ** power if power else 1.0 - np.eye(classes)
        expected = float((np.outer(table.sum(1), table.sum(0)) * distance).sum())
        return 1 - float((table * distance).sum()) / expected if expected > 0 else 0.0


def weights_like(labels: NDArray[np.int64], like: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return weights that give images with `labels` the class shares of `like`."""
    classes = int(max(labels.max(), like.max())) + 1
    wanted = np.bincount(like, minlength=classes) / len(like)
    each: NDArray[np.float64] = (wanted / np.maximum(np.bincount(labels, minlength=classes), 1))[labels]
    return each / each.sum()


def gain(one: NDArray[Any], other: NDArray[Any], weights: NDArray[np.float64]) -> tuple[float, float]:
    """Return the weighted mean of `other` − `one`, image by image, and its standard error."""
    difference = np.asarray(other, float) - np.asarray(one, float)
    mean = float(weights @ difference)
    return mean, float(np.sqrt(weights**2 @ (difference - mean) ** 2))


def standard_error(share: float, weights: NDArray[np.float64]) -> float:
    """Return the standard error of a weighted share of images."""
    return float(np.sqrt(max(share * (1 - share), 0.0) * (weights**2).sum()))
