"""What the numbers say of a run, on which evidence, and what to change.

A network is judged by its answers, never by accuracy or loss alone: at baseline accuracy with a kappa of .6
it has learnt, and one whose loss still falls may answer a single class.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

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

VerdictKind: TypeAlias = Literal["healthy", "collapsed", "diverged"]

COLLAPSED_SHARE = 0.99
"""A run is collapsed when one class takes this share of the answers and less of the labels."""


@dataclass(frozen=True)
class Verdict:
    """Every text is one line; `ruled_out` and `suggestion` are empty where there is nothing to say."""

    kind: VerdictKind
    evidence: str
    ruled_out: str
    suggestion: str
    since_epoch: int
    """The first epoch of the unbroken row, up to the latest, that is of this kind."""


History: TypeAlias = Sequence[EpochEvidence]
Rule: TypeAlias = Callable[[History, bool], Verdict | None]


def judge(history: History, *, pretrained: bool = False) -> Verdict | None:
    """The verdict on the latest epoch; None before epoch 1, for an untrained network can't have failed.

    `pretrained` says where the weights began, on which the order of the suggestions depends.
    """
    trained = trained_epochs(history)
    if not trained:
        return None
    return next(verdict for rule in RULES if (verdict := rule(trained, pretrained)) is not None)


def collapsed_epochs(history: History) -> tuple[int, ...]:
    """The epochs whose answers were collapsed, epoch 0 left out."""
    return tuple(evidence.epoch for evidence in trained_epochs(history) if is_collapsed(evidence))


def trained_epochs(history: History) -> list[EpochEvidence]:
    """The history in order, without the evaluation before the first step."""
    return sorted((evidence for evidence in history if evidence.epoch >= 1), key=lambda item: item.epoch)


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


def is_healthy(evidence: EpochEvidence) -> bool:
    """Neither of the above."""
    return not is_diverged(evidence) and not is_collapsed(evidence)


def since(history: History, holds: Callable[[EpochEvidence], bool]) -> int:
    """The first epoch of the unbroken row up to the latest for which `holds` is true."""
    first = history[-1].epoch
    for evidence in reversed(history):
        if not holds(evidence):
            break
        first = evidence.epoch
    return first


def diverged(history: History, pretrained: bool) -> Verdict | None:
    """Loss or values that are no numbers."""
    latest = history[-1]
    if not is_diverged(latest):
        return None
    parts = [f"epoch {latest.epoch}: training loss {number(latest.train_loss)}"]
    if latest.nonfinite_share is not None:
        parts.append(f"{percent(latest.nonfinite_share)} of the values not finite")
    first = since(history, is_diverged)
    before = [evidence for evidence in history if evidence.epoch < first and not is_diverged(evidence)]
    ruled_out = ""
    if before:
        good = before[-1]
        ruled_out = (
            f"epoch {good.epoch} read the same images with loss {number(good.train_loss)}: "
            "neither images nor labels are broken"
        )
    suggestion = "lr ÷ 10; if it diverges again, precision fp32"
    return Verdict("diverged", ", ".join(parts), ruled_out, suggestion, first)


def collapsed(history: History, pretrained: bool) -> Verdict | None:
    """One class takes the answers."""
    latest = history[-1]
    if not is_collapsed(latest):
        return None
    answered, labelled = shares_of_favourite(latest)
    first = since(history, is_collapsed)
    parts = [
        f"epoch {latest.epoch}: class {favourite(latest)} takes {percent(answered)} of the answers "
        f"and {percent(labelled)} of the labels, since epoch {first}",
        loss_course([evidence for evidence in history if evidence.epoch >= first]),
        *scores(latest),
        *alarms(latest),
    ]
    return Verdict(
        "collapsed",
        "; ".join(part for part in parts if part),
        what_works(latest),
        way_out(latest, pretrained),
        first,
    )


def healthy(history: History, pretrained: bool) -> Verdict | None:
    """What is left when no other rule spoke."""
    latest = history[-1]
    parts = list(scores(latest))
    if sum(latest.answers) and sum(latest.labels):
        answered, labelled = shares_of_favourite(latest)
        text = f"class {favourite(latest)} takes {percent(answered)} of the answers"
        parts.append(f"{text} and {percent(labelled)} of the labels")
    evidence = f"epoch {latest.epoch}: " + ("; ".join(parts) or "no test answers")
    return Verdict("healthy", evidence, "", "", since(history, is_healthy))


def way_out(evidence: EpochEvidence, pretrained: bool) -> str:
    """What to change, the likeliest cure first."""
    if alarms(evidence):
        return "lr ÷ 10: the weights were driven to where nothing moves any more"
    if pretrained:
        return "lr × 10 or more epochs"
    return "more steps (epochs, or a smaller batch_size) or lr × 10; then pretrained weights"


RULES: tuple[Rule, ...] = (diverged, collapsed, healthy)
"""Asked in this order; the first that answers is the verdict, and the last always answers."""
