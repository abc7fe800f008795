"""Evaluations and indexes that no network made and no file holds."""

import numpy as np
from numpy.typing import NDArray

from engine.datasets.formats.labels.grades import Order
from engine.datasets.index import Index
from engine.metrics.evaluation import Evaluation

CLASSES = 5


def index_of(images: int, classes: int = CLASSES) -> Index:
    """Return an index whose test images are of each class in turn, with as many train images."""
    rows = range(2 * images)
    return Index(
        kind="made",
        root=None,
        names=tuple(f"made#{row}" for row in rows),
        labels=tuple(row % images % classes for row in rows),
        splits=("train",) * images + ("test",) * images,
        groups=None,
        class_names=class_names(classes),
        order=Order(is_ordered=False),
        fingerprint="made",
    )


def class_names(classes: int) -> tuple[str, ...]:
    return tuple(f"class {number}" for number in range(classes))


def evaluation_of(predictions: NDArray[np.uint16], classes: int, *, seed: int = 0) -> Evaluation:
    """Return an evaluation of images of each class in turn with these predictions, whose probabilities are drawn."""
    images = len(predictions)
    labels = np.arange(images) % classes
    scores = np.random.default_rng(seed).random((images, classes), dtype=np.float32)
    scores[np.arange(images), predictions] += classes
    scores /= scores.sum(axis=1, keepdims=True)
    confusion = np.zeros((classes, classes), np.int64)
    np.add.at(confusion, (labels, predictions), 1)
    return Evaluation(
        confusion, predictions, labels, scores, nll=1.0, max_logit=5.0, nonfinite_share=0.0, loss=1.0
    )
