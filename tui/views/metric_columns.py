"""Metrics that a table of runs can show and be sorted by, in addition to its fixed columns."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:  # the first frame waits for no catalogue of metrics where no column was chosen
    from engine.metrics.metric import SplitMetric

SHOWN_ANYWAY = frozenset({"test_acc", "kappa"})
"""Metrics that have fixed columns, `best` and `kappa`."""


def optional_metrics() -> "dict[str, SplitMetric]":
    """Return the metrics by key, the most important first; their values are those of a run's best epoch."""
    from engine.metrics.catalogue import numbers

    return {
        each.key: each
        for each in numbers()
        if each.is_in("columns") and each.split != "eval_train" and each.key not in SHOWN_ANYWAY
    }
