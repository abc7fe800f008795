"""Metrics that are defined only where classes are in order, computed afterwards from what was kept of an epoch."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.metrics.catalogue import defined, split_metrics
from engine.metrics.counts import as_counts
from engine.metrics.evaluation import Evaluation
from engine.metrics.metric import SplitMetric

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from engine.metrics.metric import Value


def metrics_of_order() -> list[SplitMetric]:
    """Return these metrics, of all splits."""
    return [each for each in split_metrics() if "ordered classes" in each.metric.needs]


def values_in_order(
    confusion: ArrayLike, labels: ArrayLike | None = None, scores: ArrayLike | None = None
) -> dict[str, Value]:
    """Compute their values on the test split; those that rank images are None without labels and scores.

    `labels` are the classes of the images, `scores` what the network gave for each, in the same order."""
    import numpy as np

    counts = as_counts(confusion)
    truth, predicted = (np.repeat(index, counts.ravel()) for index in np.indices(counts.shape).reshape(2, -1))
    if labels is None or scores is None:
        labels, scores = truth, np.broadcast_to(np.float32(np.nan), (len(truth), len(counts)))
    evaluation = Evaluation(
        confusion=counts,
        predictions=predicted,
        labels=np.asarray(labels),
        scores=np.asarray(scores),
        nll=None,
        max_logit=0.0,
        nonfinite_share=0.0,
        ordered=True,
    )
    return {
        each.key: defined(each.metric.compute(evaluation))
        for each in metrics_of_order()
        if each.split == "test" and each.metric.compute is not None
    }
