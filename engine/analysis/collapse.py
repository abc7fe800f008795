"""Rules for networks that answer without looking: numbers that are none, or one answer for all."""

import math
from collections.abc import Callable, Sequence

from engine.analysis.case import Case, Verdict
from engine.analysis.evidence import (
    EpochEvidence,
    alarms,
    favourite,
    loss_course,
    number,
    percent,
    scores,
    shares_of_favourite,
    what_works,
)
from engine.analysis.suggestion import learn_at_all, prescribe, stay_finite

COLLAPSED_SHARE = 0.99
"""A run is collapsed when one class takes this share of the answers and less of the labels."""


def is_diverged(evidence: EpochEvidence) -> bool:
    """Whether anything in the epoch stopped being a number."""
    loss = evidence.train_loss
    return (loss is not None and not math.isfinite(loss)) or bool(evidence.nonfinite_share)


def is_collapsed(evidence: EpochEvidence) -> bool:
    """Whether one class takes the answers without taking the labels; NaN answers are divergence instead."""
    if is_diverged(evidence) or sum(evidence.answers) == 0 or sum(evidence.labels) == 0:
        return False
    answered, labelled = shares_of_favourite(evidence)
    return answered >= COLLAPSED_SHARE and labelled < COLLAPSED_SHARE


def since(history: Sequence[EpochEvidence], holds: Callable[[EpochEvidence], bool]) -> int:
    """The first epoch of the unbroken row up to the latest for which `holds` is true."""
    first = history[-1].epoch
    for evidence in reversed(history):
        if not holds(evidence):
            break
        first = evidence.epoch
    return first


def diverged(case: Case) -> Verdict | None:
    """Loss or values that are no numbers."""
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
    """One class takes the answers."""
    latest = case.latest
    if not is_collapsed(latest):
        return None
    answered, labelled = shares_of_favourite(latest)
    first = since(case.epochs, is_collapsed)
    parts = [
        f"epoch {latest.epoch}: class {favourite(latest)} takes {percent(answered)} of the answers "
        f"and {percent(labelled)} of the labels, since epoch {first}",
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
