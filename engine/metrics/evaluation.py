"""Split as a network evaluated it: what every metric is computed from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True)
class Evaluation:
    """Predictions on a split's images, in the order of the split."""

    confusion: NDArray[Any]
    """int64 counts, classes × classes; row = true class, column = predicted class."""
    predictions: NDArray[Any]
    """uint16, the predicted class of each image."""
    labels: NDArray[Any]
    """int64, the true class of each image."""
    scores: NDArray[Any]
    """float32 softmax probabilities, images × classes; under an ordinal loss the predicted grades, images × 1."""
    nll: float | None
    """Mean NLL, unweighted and unsmoothed; None where the network gives a grade."""
    max_logit: float
    """The largest |logit|."""
    nonfinite_share: float
    """Of the logits."""
    loss: float | None = None
    """The run's own loss over the whole split at once, where it was asked for."""
    ordered: bool = False
    """Whether the classes are grades."""
    seen_groups: NDArray[Any] | None = None
    """bool of each image: whether a member of its group is in train. None where images have no groups."""

    @property
    def gives_grade(self) -> bool:
        """Return whether the network gives one number, the grade, instead of probabilities."""
        return bool(self.scores.shape[1] == 1)
