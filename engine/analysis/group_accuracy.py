"""Test accuracy apart for images whose group (a patient's other eye) was trained on, and for the others."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from engine.analysis.metrics import share

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray


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
    """Whether each of `rows` has a group member among `train_rows`; None where images have no groups."""
    import numpy as np

    if groups is None:
        return None
    trained = {groups[row] for row in train_rows}
    return np.array([groups[row] in trained for row in rows], dtype=bool)


def accuracy_by_group(right: ArrayLike, seen: ArrayLike) -> GroupAccuracy:
    """From whether each image was answered right, and whether a member of its group was trained on."""
    import numpy as np

    hits, members = np.asarray(right, dtype=bool), np.asarray(seen, dtype=bool)
    if hits.shape != members.shape or hits.ndim != 1:
        raise ValueError(f"one answer for each image: {hits.shape} answers, {members.shape} images")
    seen_images = int(members.sum())
    unseen_images = len(members) - seen_images
    hits_seen = int((hits & members).sum())
    return GroupAccuracy(
        seen_images,
        unseen_images,
        share(hits_seen, seen_images),
        share(int(hits.sum()) - hits_seen, unseen_images),
    )
