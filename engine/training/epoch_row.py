"""What was measured after an epoch, as a row of the store. Undefined numbers are null."""

import math
from typing import Any

from engine.analysis.group_accuracy import GroupAccuracy
from engine.analysis.ranking import Referable
from engine.store.claims import Claim
from engine.store.tables import EpochMetrics
from engine.training.measure import Measured, SplitScores


def row_of(held: Claim, measured: Measured) -> EpochMetrics:
    metrics, evaluation = measured.metrics, measured.evaluation
    columns: dict[str, Any] = {
        **{name: _finite(value) for name, value in measured.train.items()},
        **_referable(measured.referable),
        **_by_group(measured.by_group),
        **_split("val", measured.val),
        **_split("eval_train", measured.trained),
    }
    return EpochMetrics(
        run_id=held.run_id,
        epoch=measured.epoch,
        attempt=held.attempt,
        test_loss=_finite(evaluation.loss),
        test_nll=_finite(evaluation.nll),
        test_acc=metrics.accuracy,
        balanced_acc=metrics.balanced_accuracy,
        macro_f1=metrics.macro_f1,
        kappa=measured.kappa,
        ece=measured.ece,
        recall=list(metrics.recalls),
        precision=list(metrics.precisions),
        f1=list(metrics.f1s),
        answers=list(metrics.answers),
        images_per_s=measured.images_per_s,
        data_wait_share=measured.data_wait_share,
        lr=measured.lr,
        max_logit=_finite(evaluation.max_logit),
        nonfinite_share=evaluation.nonfinite_share,
        seconds=measured.seconds,
        **columns,
    )


def _referable(found: Referable | None) -> dict[str, Any]:
    if found is None:
        return {}
    return {
        "auc_referable": found.auc,
        "sensitivity_referable": found.sensitivity,
        "specificity_referable": found.specificity,
        "sensitivity_referable_at_93": found.sensitivity_at_93,
        "sensitivity_referable_at_98": found.sensitivity_at_98,
    }


def _by_group(found: GroupAccuracy | None) -> dict[str, Any]:
    if found is None:
        return {}
    return {
        "test_acc_seen_group": found.seen_accuracy,
        "test_acc_unseen_group": found.unseen_accuracy,
        "images_seen_group": found.seen_images,
        "images_unseen_group": found.unseen_images,
    }


def _split(name: str, scores: SplitScores | None) -> dict[str, Any]:
    if scores is None:
        return {}
    return {
        f"{name}_acc": scores.accuracy,
        f"{name}_balanced_acc": scores.balanced_accuracy,
        f"{name}_kappa": scores.kappa,
        f"{name}_nll": _finite(scores.nll),
    }


def _finite(value: float | None) -> float | None:
    return value if value is not None and math.isfinite(value) else None
