"""Gap between a network's confidence and its accuracy."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from engine.metrics.evaluation import Evaluation

BINS = 15
"""Of equal width, as in Guo et al. 2017."""


def expected_calibration_error(evaluation: Evaluation) -> float | None:
    """`calibration_error` of a split; None where the network gives a grade instead of probabilities."""
    import numpy as np

    if evaluation.gives_grade:
        return None
    predictions = evaluation.predictions
    confidences = evaluation.scores[np.arange(len(predictions)), predictions]
    return calibration_error(predictions == evaluation.labels, confidences)


def calibration_error(correct: ArrayLike, confidences: ArrayLike) -> float | None:
    """Return the expected calibration error: Σ over bins of |correct images − sum of confidences| / all images.

    `correct` says of each image whether its prediction is, `confidences` are the probabilities of the predictions, in
    [0, 1]. Bin m of 15 holds the confidences in ((m − 1)/15, m/15]. None without images or where one is not
    finite. Guo, Pleiss, Sun, Weinberger, On calibration of modern neural networks, ICML 2017, equation 3.
    """
    import numpy as np

    hits, values = np.asarray(correct, dtype=np.float64), np.asarray(confidences, dtype=np.float64)
    if hits.shape != values.shape or hits.ndim != 1:
        raise ValueError(
            f"one confidence for each prediction: {values.shape} confidences, {hits.shape} predictions"
        )
    if not len(values) or not np.isfinite(values).all():
        return None
    gaps = np.bincount(bins_of(values), weights=hits - values, minlength=BINS)
    return float(np.abs(gaps).sum()) / len(values)


def bins_of(confidences: NDArray[Any]) -> NDArray[Any]:
    """Return the bin of each confidence in [0, 1], from 0: bin m holds (m/15, (m + 1)/15], the first one 0 too."""
    import numpy as np

    return np.searchsorted(np.linspace(0, 1, BINS + 1)[1:-1], confidences, side="left")
