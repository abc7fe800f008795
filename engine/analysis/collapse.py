"""Rules for networks that failed outright: diverged, or collapsed to one class."""

import math
from collections.abc import Callable, Sequence

from engine.analysis.case import Case, Verdict
from engine.analysis.evidence import (
    EpochEvidence,
    alarms,
    loss_course,
    most_predicted,
    most_predicted_shares,
    number,
    percent,
    scores,
    what_works,
)
from engine.analysis.suggestion import learn_at_all, prescribe, stay_finite

COLLAPSED_SHARE = 0.99
"""A run is collapsed when one class has this share of the predictions and less of the labels."""


def is_diverged(evidence: EpochEvidence) -> bool:
    """Tell whether a loss or a value of the epoch is not finite."""
    loss = evidence.train_loss
    return (loss is not None and not math.isfinite(loss)) or bool(evidence.nonfinite_share)


def is_collapsed(evidence: EpochEvidence) -> bool:
    """Tell whether one class has nearly all predictions but not nearly all labels; NaN predictions count as divergence
    instead."""
    if is_diverged(evidence) or sum(evidence.answers) == 0 or sum(evidence.labels) == 0:
        return False
    predicted, labelled = most_predicted_shares(evidence)
    return predicted >= COLLAPSED_SHARE and labelled < COLLAPSED_SHARE


def since(history: Sequence[EpochEvidence], holds: Callable[[EpochEvidence], bool]) -> int:
    """Return the first epoch of the unbroken row, up to the latest, for which `holds` is true."""
    first = history[-1].epoch
    for evidence in reversed(history):
        if not holds(evidence):
            break
        first = evidence.epoch
    return first


def diverged(case: Case) -> Verdict | None:
    """Judge a run whose loss or values are not finite."""
    latest = case.latest
    if not is_diverged(latest):
        return None
    parts = [f"epoch {latest.epoch}: {latest.broken or f'training loss {number(latest.train_loss)}'}"]
    if latest.nonfinite_share is not None:
        parts.append(f"{percent(latest.nonfinite_share)} of the values not finite")
    first = since(case.epochs, is_diverged)
    before = [evidence for evidence in case.epochs if evidence.epoch < first and not is_diverged(evidence)]
    ruled_out = ""
    if before:
        good = before[-1]
        ruled_out = (
            f"epoch {good.epoch} read the same images with loss {number(good.train_loss)}: "
            "neither images nor labels are broken"
        )
    suggestion, change = prescribe(case.spec, stay_finite(case))
    return Verdict("diverged", ", ".join(parts), ruled_out, suggestion, first, change)


def collapsed(case: Case) -> Verdict | None:
    """Judge a run that predicts one class."""
    latest = case.latest
    if not is_collapsed(latest):
        return None
    predicted, labelled = most_predicted_shares(latest)
    first = since(case.epochs, is_collapsed)
    parts = [
        f"epoch {latest.epoch}: {percent(predicted)} of predictions are class {most_predicted(latest)} "
        f"({percent(labelled)} of labels), since epoch {first}",
        loss_course(
            [evidence for evidence in case.epochs if evidence.epoch >= first], case.majority_class_loss
        ),
        *scores(latest),
        *alarms(latest),
        *case.lag(),
    ]
    suggestion, change = prescribe(case.spec, learn_at_all(case))
    evidence = "; ".join(part for part in parts if part)
    return Verdict(
        "collapsed", evidence, what_works(latest, frozen=case.is_frozen), suggestion, first, change
    )
