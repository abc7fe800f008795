"""Target that a score is asked to find: one class among all images, or the referable ones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from engine.metrics.ranking import REFERABLE_GRADE, referable_scores

if TYPE_CHECKING:
    from numpy.typing import NDArray

REFERABLE = "referable"


@dataclass(frozen=True)
class Target:
    """Images to be found among all others, by a score."""

    name: str
    """Name of the class, or `referable`."""
    label: int | None
    """Class; None for referable: grade ≥ 2."""


@dataclass(frozen=True)
class Sides:
    """Score of each image, and whether it is one of those to be found."""

    positives: NDArray[Any]
    """bool."""
    scores: NDArray[Any]
    """float64."""

    @property
    def undefined(self) -> str:
        """Reason why nothing can be ranked, in words; empty where it can."""
        import numpy as np

        if not len(self.scores):
            return "there is no image"
        if not self.positives.any():
            return "no image is of it"
        if self.positives.all():
            return "every image is of it"
        return "a score is NaN" if np.isnan(self.scores).any() else ""


def targets_of(class_names: Sequence[str], *, ordered: bool, gives_grade: bool) -> tuple[Target, ...]:
    """Return what can be asked of a network: each class, and referable where classes are three grades or more.

    One number ranks no class between two others: a network that gives the grade of three classes or more has
    referable alone, and nothing where the classes are in no order. Of two classes the second says all: the first
    one's curves are its mirror image."""
    classes = len(class_names)
    graded = ordered and classes > REFERABLE_GRADE
    referable = (Target(REFERABLE, None),) if graded else ()
    if gives_grade and classes != 2:
        return referable
    labels = range(classes) if classes != 2 else (1,)
    return (*(Target(class_names[label], label) for label in labels), *referable)


def sides_of(target: Target, labels: NDArray[Any], scores: NDArray[Any]) -> Sides:
    """Return each image's side and score; `scores` are probabilities, images × classes, or grades, images × 1."""
    import numpy as np

    if target.label is None:
        return Sides(np.asarray(labels) >= REFERABLE_GRADE, referable_scores(scores))
    column = scores[:, 0] if scores.shape[1] == 1 else scores[:, target.label]
    return Sides(np.asarray(labels) == target.label, column.astype(np.float64))
