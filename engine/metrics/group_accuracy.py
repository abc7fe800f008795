"""Accuracy apart for images whose group (a patient's other eye) is in train, and for the others."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from engine.metrics.counts import share

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from engine.metrics.evaluation import Evaluation


@dataclass(frozen=True)
class GroupAccuracy:
    """Accuracy is None where there is no image of that kind."""

    seen_images: int
    unseen_images: int
    seen_accuracy: float | None
    unseen_accuracy: float | None


def seen_groups(
    groups: Sequence[str] | None, rows: Sequence[int], train_rows: Sequence[int]
) -> NDArray[Any] | None:
    """Return whether each of `rows` has a group member among `train_rows`; None where images have no groups."""
    import numpy as np

    if groups is None:
        return None
    trained = {groups[row] for row in train_rows}
    return np.array([groups[row] in trained for row in rows], dtype=bool)


def group_accuracy(evaluation: Evaluation) -> GroupAccuracy | None:
    """`accuracy_by_group` of a split; None where its images have no groups."""
    if evaluation.seen_groups is None:
        return None
    return accuracy_by_group(evaluation.predictions == evaluation.labels, evaluation.seen_groups)


def accuracy_by_group(correct: ArrayLike, seen: ArrayLike) -> GroupAccuracy:
    """Return the accuracies of images with and without a group member in train, from two booleans for each image."""
    import numpy as np

    hits, members = np.asarray(correct, dtype=bool), np.asarray(seen, dtype=bool)
    if hits.shape != members.shape or hits.ndim != 1:
        raise ValueError(f"one prediction for each image: {hits.shape} predictions, {members.shape} images")
    seen_images = int(members.sum())
    unseen_images = len(members) - seen_images
    hits_seen = int((hits & members).sum())
    return GroupAccuracy(
        seen_images,
        unseen_images,
        share(hits_seen, seen_images),
        share(int(hits.sum()) - hits_seen, unseen_images),
    )
