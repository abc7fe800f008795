"""The metrics that a table of runs can show and be sorted by, beside the columns that it has anyway."""

from collections.abc import Collection

from engine.metrics.catalogue import numbers
from engine.metrics.metric import SplitMetric

SHOWN_ANYWAY = frozenset({"test_acc", "kappa"})
"""As `best` and `kappa`."""


def optional_metrics() -> dict[str, SplitMetric]:
    """By key, the most telling first; their values are those of a run's best epoch."""
    return {
        each.key: each
        for each in numbers()
        if each.is_in("columns") and each.split != "eval_train" and each.key not in SHOWN_ANYWAY
    }


def chosen_keys(text: str) -> tuple[str, ...]:
    """The metrics in a remembered choice such as `auc,mcc`; what this version does not know is left out."""
    known = optional_metrics()
    return tuple(key for key in dict.fromkeys(text.split(",")) if key in known)


def choice_text(keys: Collection[str]) -> str:
    """As it is remembered: in the order of tables."""
    return ",".join(key for key in optional_metrics() if key in set(keys))
