"""The metrics of an epoch that a verdict is judged on, and what they show in words: only what was measured."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any

from engine.metrics.metric import EpochValues

LOGIT_LIMIT = 100.0
"""Cross-entropy copes with larger logits still, but a sound classifier does not give them."""

NAMED = 3
"""So many classes are named; of more, how many."""
GRADIENT_FLOOR = 1e-8
"""A gradient norm below it moves no weight in single precision."""


@dataclass(frozen=True)
class EpochEvidence:
    """What a verdict needs of an epoch: metrics under their keys, and the labels. None: not measured, or undefined."""

    epoch: int
    train_loss: float | None
    train_acc: float | None
    test_acc: float | None
    baseline: float | None
    kappa: float | None
    answers: tuple[int, ...]
    """Test predictions of each class."""
    labels: tuple[int, ...]
    """Test images of each class."""
    max_logit: float | None = None
    """The largest |logit|."""
    grad_norm: float | None = None
    """Of the head."""
    grad_norm_first: float | None = None
    """Of conv1. None while it is frozen: 0 would read as a gradient that got lost on its way."""
    nonfinite_share: float | None = None
    test_nll: float | None = None
    """Unweighted, whatever the loss; a network that gives a grade has its own loss here instead."""
    broken: str | None = None
    """What stopped being a number within the epoch, which so never ended."""


def evidence_of(measured: EpochValues, *, baseline: float | None, labels: tuple[int, ...]) -> EpochEvidence:
    """The evidence in an epoch's values."""
    taken: dict[str, Any] = {
        each.name: measured.values[each.name]
        for each in fields(EpochEvidence)
        if each.name in measured.values
    }
    if taken["test_nll"] is None:
        taken["test_nll"] = measured.number("test_loss")
    return EpochEvidence(epoch=measured.epoch, baseline=baseline, labels=labels, **taken)


def favourite(evidence: EpochEvidence) -> int:
    """The class answered most often."""
    return max(range(len(evidence.answers)), key=evidence.answers.__getitem__)


def shares_of_favourite(evidence: EpochEvidence) -> tuple[float, float]:
    """The favourite's share of the answers and of the labels."""
    index = favourite(evidence)
    return evidence.answers[index] / sum(evidence.answers), evidence.labels[index] / sum(evidence.labels)


def never_answered(evidence: EpochEvidence) -> str:
    """`never answered: class 1 (21 images)`, the largest classes first; empty where each is answered."""
    missing = [index for index, count in enumerate(evidence.labels) if count and not evidence.answers[index]]
    if not missing:
        return ""
    missing.sort(key=lambda index: -evidence.labels[index])
    named = [f"class {index} ({evidence.labels[index]:,} images)" for index in missing[:NAMED]]
    more = f" and {len(missing) - NAMED:,} more" if len(missing) > NAMED else ""
    return f"never answered: {', '.join(named)}{more}"


def loss_course(collapsed: Sequence[EpochEvidence], constant: float | None) -> str:
    """How the training loss moved while the answers stood still, beside the best constant answer's."""
    losses = [evidence.train_loss for evidence in collapsed if evidence.train_loss is not None]
    if not losses:
        return ""
    beside = "" if constant is None else f" (constant answer {number(constant)})"
    if len(losses) == 1:
        return f"training loss {number(losses[0])}{beside}"
    falls = ", falling while the answers stay" if losses[-1] < losses[0] else ""
    return f"training loss {number(losses[0])} to {number(losses[-1])}{beside}{falls}"


def scores(evidence: EpochEvidence) -> list[str]:
    """Accuracy beside its baseline, and kappa."""
    parts = []
    if evidence.test_acc is not None:
        against = "" if evidence.baseline is None else f" (baseline {percent(evidence.baseline)})"
        parts.append(f"test accuracy {percent(evidence.test_acc)}{against}")
    if evidence.kappa is not None:
        parts.append(f"kappa {evidence.kappa:.2f}")
    return parts


def logits_are_sane(evidence: EpochEvidence) -> bool:
    """Whether the logits were measured and are what cross-entropy takes."""
    return evidence.max_logit is not None and evidence.max_logit <= LOGIT_LIMIT


def dead_gradients(evidence: EpochEvidence) -> list[str]:
    """The measured gradients that move nothing."""
    norms = {"head": evidence.grad_norm, "conv1": evidence.grad_norm_first}
    return [name for name, norm in norms.items() if norm is not None and not norm > GRADIENT_FLOOR]


def alarms(evidence: EpochEvidence) -> list[str]:
    """What, beside the answers, looks broken."""
    parts = []
    if evidence.max_logit is not None and not logits_are_sane(evidence):
        parts.append(f"logits as large as {number(evidence.max_logit)}")
    if dead := dead_gradients(evidence):
        parts.append(f"no gradient reaches {' or '.join(dead)}")
    return parts


def what_works(evidence: EpochEvidence, *, frozen: bool = False) -> str:
    """What the measured numbers rule out, and nothing that was not measured; `frozen` is all but the head."""
    facts, sound = [], []
    if logits_are_sane(evidence):
        facts.append(f"logits within ±{number(evidence.max_logit)}")
        sound.append("the loss")
    head, conv1 = evidence.grad_norm, evidence.grad_norm_first
    if head is not None and (frozen or conv1 is not None) and not dead_gradients(evidence):
        below = "the rest frozen" if conv1 is None else f"conv1 {number(conv1)}"
        facts.append(f"gradients flow (head {number(head)}, {below})")
        sound.append("the last layer")
    if not facts:
        return ""
    claim = f"neither {sound[0]} nor {sound[1]} is broken" if len(sound) == 2 else f"{sound[0]} is not broken"
    return f"{', '.join(facts)}: {claim}"


def number(value: float | None) -> str:
    """Three significant digits, `–` for what was not measured."""
    return "–" if value is None else f"{value:.3g}"


def percent(value: float) -> str:
    """A fraction as a percentage of four significant digits: 73.36 %, and 98.96 % is not rounded to 99."""
    return f"{value * 100:.4g} %"
