"""Metrics of an epoch, each declared once: the most telling first, which is their order in tables."""

import functools
import math
from collections.abc import Callable

from engine.metrics.agreement import cohen_kappa, matthews_correlation
from engine.metrics.auc import auc_per_class, macro_auc
from engine.metrics.calibration import expected_calibration_error
from engine.metrics.counts import (
    accuracy,
    balanced_accuracy,
    f1s,
    macro_f1,
    precisions,
    predictions_per_class,
    quadratic_kappa,
    recalls,
)
from engine.metrics.evaluation import Evaluation
from engine.metrics.group_accuracy import GroupAccuracy, group_accuracy
from engine.metrics.metric import Chart, Metric, Need, Number, Place, Split, SplitMetric, Value
from engine.metrics.ranking import (
    auc_referable,
    has_referable,
    predicted_referable,
    referable_scores,
    sensitivity_at,
)

UNDEFINED = "undefined, or not measured"
ACCURACY = Chart("accuracy", "accuracy", is_share=True)
LOSS = Chart("loss", "loss")
BALANCED = Chart("balanced", "balanced accuracy", is_share=True)
KAPPA = Chart("kappa", "quadratic kappa", undefined="undefined: classes have no order")
AUC = Chart("auc", "AUC", undefined=UNDEFINED)
MCC = Chart("mcc", "MCC", undefined=UNDEFINED)
COHEN_KAPPA = Chart("cohen_kappa", "Cohen's kappa", undefined=UNDEFINED)
LEARNING_RATE = Chart("lr", "learning rate")
SPEED = Chart("speed", "images/s")
CHARTS = (ACCURACY, LOSS, BALANCED, KAPPA, AUC, MCC, COHEN_KAPPA, LEARNING_RATE, SPEED)
"""In their order on the screen; others come last."""

SPLITS: tuple[Split, ...] = ("test", "val", "train", "eval_train")
DRAWN: tuple[Split, ...] = ("test", "val", "train")
KEPT: tuple[Split, ...] = ("test", "val", "eval_train")
UNIT, CORRELATION, POSITIVE = (0.0, 1.0), (-1.0, 1.0), (0.0, math.inf)
IN_ORDER: frozenset[Need] = frozenset({"ordered classes"})
NOWHERE: frozenset[Place] = frozenset()
IN_REPORT: frozenset[Place] = frozenset({"report", "columns"})
IN_ALL: frozenset[Place] = frozenset({"report", "columns", "compare", "epochs"})


def _kappa(evaluation: Evaluation) -> Number:
    return quadratic_kappa(evaluation.confusion) if evaluation.ordered else None


def _auc_referable(evaluation: Evaluation) -> Number:
    if not has_referable(evaluation):
        return None
    return auc_referable(evaluation.labels, referable_scores(evaluation.scores))


def _sensitivity_at(evaluation: Evaluation, specificity_percent: int) -> Number:
    if not has_referable(evaluation):
        return None
    return sensitivity_at(evaluation.labels, referable_scores(evaluation.scores), specificity_percent)


def _predicted_referable(evaluation: Evaluation, side: int) -> Number:
    return predicted_referable(evaluation.confusion)[side] if has_referable(evaluation) else None


def _of_groups(evaluation: Evaluation, read: Callable[[GroupAccuracy], Number]) -> Number:
    found = group_accuracy(evaluation)
    return None if found is None else read(found)


METRICS: tuple[Metric, ...] = (
    Metric("acc", "accuracy", "acc", lambda split: accuracy(split.confusion), KEPT, test_key="test_acc", places=4,
           is_share=True, share_of="images", chart=ACCURACY, is_selectable=True, shown_in=IN_ALL),
    Metric("test_acc_seen_group", "… a group member in train", "seen group",
           lambda split: _of_groups(split, lambda groups: groups.seen_accuracy), places=4, is_share=True,
           share_of="seen_group", shown_in=IN_REPORT),
    Metric("test_acc_unseen_group", "… no group member in train", "unseen group",
           lambda split: _of_groups(split, lambda groups: groups.unseen_accuracy), places=4, is_share=True,
           share_of="unseen_group", shown_in=IN_REPORT),
    Metric("images_seen_group", "images with a group member in train", "seen images",
           lambda split: _of_groups(split, lambda groups: groups.seen_images), places=0, shown_in=NOWHERE),
    Metric("images_unseen_group", "images without a group member in train", "unseen images",
           lambda split: _of_groups(split, lambda groups: groups.unseen_images), places=0, shown_in=NOWHERE),
    Metric("balanced_acc", "balanced accuracy", "balanced", lambda split: balanced_accuracy(split.confusion), KEPT,
           places=4, is_share=True, chart=BALANCED, is_selectable=True, shown_in=IN_ALL),
    Metric("kappa", "kappa", "kappa", _kappa, KEPT, bounds=CORRELATION, chart=KAPPA, needs=IN_ORDER,
           is_selectable=True, shown_in=IN_ALL),
    Metric("macro_f1", "macro F1", "F1", lambda split: macro_f1(split.confusion), bounds=UNIT, chart=BALANCED,
           shown_in=IN_ALL),
    Metric("auc", "AUC, mean of one class against the rest", "AUC", macro_auc, KEPT, bounds=UNIT, chart=AUC,
           needs=frozenset({"probabilities", "every class"}), is_selectable=True, shown_in=IN_ALL),
    Metric("mcc", "Matthews correlation", "MCC", lambda split: matthews_correlation(split.confusion), KEPT,
           bounds=CORRELATION, chart=MCC, is_selectable=True),
    Metric("cohen_kappa", "Cohen's kappa, unweighted", "Cohen", lambda split: cohen_kappa(split.confusion), KEPT,
           bounds=CORRELATION, chart=COHEN_KAPPA, is_selectable=True),
    Metric("auc_referable", "referable: AUC", "AUC ref.", _auc_referable, bounds=UNIT, needs=IN_ORDER,
           shown_in=IN_REPORT),
    Metric("sensitivity_referable", "… sensitivity as predicted", "sens.", lambda split: _predicted_referable(split, 0),
           is_share=True, share_of="referable", needs=IN_ORDER, shown_in=IN_REPORT),
    Metric("specificity_referable", "… specificity as predicted", "spec.", lambda split: _predicted_referable(split, 1),
           is_share=True, share_of="not_referable", needs=IN_ORDER, shown_in=IN_REPORT),
    Metric("sensitivity_referable_at_93", "… sensitivity at specificity ≥ 93 %", "sens. at .93",
           lambda split: _sensitivity_at(split, 93), is_share=True, share_of="referable", needs=IN_ORDER,
           shown_in=IN_REPORT),
    Metric("sensitivity_referable_at_98", "… sensitivity at specificity ≥ 98 %", "sens. at .98",
           lambda split: _sensitivity_at(split, 98), is_share=True, share_of="referable", needs=IN_ORDER,
           shown_in=IN_REPORT),
    Metric("ece", "calibration error", "ECE", expected_calibration_error, bounds=UNIT, lower_is_better=True,
           shown_in=IN_ALL),
    Metric("nll", "negative log-likelihood, unweighted", "NLL", lambda split: split.nll, KEPT, test_key="test_nll",
           places=4, bounds=POSITIVE, lower_is_better=True, chart=LOSS, shown_in=IN_ALL,
           labels={"val": "val NLL", "eval_train": "NLL on the train images afterwards"}),
    Metric("test_loss", "the run's own loss on test", "loss", lambda split: split.loss, places=4, lower_is_better=True,
           chart=LOSS, shown_in=IN_REPORT),
    Metric("answers", "predictions of each class", "predicted", lambda split: predictions_per_class(split.confusion),
           places=0, is_per_class=True),
    Metric("precision", "precision of each class", "precision", lambda split: precisions(split.confusion), places=4,
           is_per_class=True),
    Metric("recall", "recall of each class", "recall", lambda split: recalls(split.confusion), places=4,
           is_per_class=True),
    Metric("f1", "F1 of each class", "F1", lambda split: f1s(split.confusion), places=4, is_per_class=True),
    Metric("auc_per_class", "AUC of each class against the rest", "AUC", auc_per_class, places=4, is_per_class=True),
    Metric("max_logit", "largest |logit|", "max logit", lambda split: split.max_logit, bounds=POSITIVE,
           shown_in=NOWHERE),
    Metric("nonfinite_share", "share of logits that are not finite", "not finite", lambda split: split.nonfinite_share,
           bounds=UNIT, shown_in=NOWHERE),
    Metric("train_acc", "accuracy while training", "acc", splits=("train",), places=4, is_share=True, chart=ACCURACY,
           shown_in=frozenset({"report", "columns", "epochs"})),
    Metric("train_loss", "loss while training", "loss", bounds=POSITIVE, splits=("train",), places=4,
           lower_is_better=True, shown_in=frozenset({"columns", "epochs"})),
    Metric("lr", "learning rate", "lr", bounds=POSITIVE, splits=("train",), chart=LEARNING_RATE, shown_in=NOWHERE),
    Metric("images_per_s", "images/s", "images/s", bounds=POSITIVE, splits=("train",), places=0, chart=SPEED,
           shown_in=frozenset({"columns"})),
    Metric("seconds", "seconds of training", "seconds",
           bounds=POSITIVE, splits=("train",), places=1, lower_is_better=True,
           shown_in=frozenset({"columns"})),
    Metric("energy_j", "energy of training, J", "energy",
           bounds=POSITIVE, splits=("train",), places=0, lower_is_better=True, shown_in=NOWHERE),
    Metric("data_wait_share", "share of the time spent waiting for images", "wait", bounds=UNIT, splits=("train",),
           lower_is_better=True, shown_in=NOWHERE),
    Metric("grad_norm", "gradient norm of the last layer", "grad. head",
           bounds=POSITIVE, splits=("train",), shown_in=NOWHERE),
    Metric("grad_norm_first", "gradient norm of the first layer", "grad. first",
           bounds=POSITIVE, splits=("train",), shown_in=NOWHERE),
)  # fmt: skip


TIMED = frozenset({"images_per_s", "seconds", "data_wait_share", "energy_j"})
"""Keys of what another training of the same bits does not repeat."""


def split_metrics() -> tuple[SplitMetric, ...]:
    """Every metric of every split that it is kept for, in the order of tables: test, val, train."""
    return _of_splits(METRICS)


def numbers() -> tuple[SplitMetric, ...]:
    """Return the metrics that are one number."""
    return _numbers(METRICS)


def keys() -> tuple[str, ...]:
    """Return the key of every metric of every split, in the order of `split_metrics`."""
    return _keys(METRICS)


@functools.lru_cache(maxsize=2)
def _of_splits(metrics: tuple[Metric, ...]) -> tuple[SplitMetric, ...]:
    """Return what `split_metrics` does: every row that is read asks for it."""
    return tuple(
        SplitMetric(metric, split) for split in SPLITS for metric in metrics if split in metric.splits
    )


@functools.lru_cache(maxsize=2)
def _numbers(metrics: tuple[Metric, ...]) -> tuple[SplitMetric, ...]:
    return tuple(each for each in _of_splits(metrics) if not each.metric.is_per_class)


@functools.lru_cache(maxsize=2)
def _keys(metrics: tuple[Metric, ...]) -> tuple[str, ...]:
    return tuple(each.key for each in _of_splits(metrics))


def charts() -> dict[Chart, list[SplitMetric]]:
    """Every chart with the metrics that it shows, these in the order of tables."""
    found: dict[Chart, list[SplitMetric]] = {chart: [] for chart in CHARTS}
    for metric in METRICS:
        if metric.chart is not None:
            shown = [SplitMetric(metric, split) for split in DRAWN if split in metric.splits]
            found.setdefault(metric.chart, []).extend(shown)
    return found


def find_metric(key: str) -> SplitMetric:
    """Raises KeyError."""
    return {each.key: each for each in split_metrics()}[key]


def values_of(evaluation: Evaluation, split: Split) -> dict[str, Value]:
    """Compute every metric that is kept of a split; what is not finite is undefined."""
    found: dict[str, Value] = {}
    for each in split_metrics():
        if each.split == split and each.metric.compute is not None:
            found[each.key] = defined(each.metric.compute(evaluation))
    return found


def defined(value: Value) -> Value:
    """None for a number that is not finite."""
    if isinstance(value, tuple):
        return tuple(None if one is None or not math.isfinite(one) else one for one in value)
    return value if value is not None and math.isfinite(value) else None
