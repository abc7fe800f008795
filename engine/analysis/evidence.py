"""Measured numbers of one epoch that findings are judged on, and their wording."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any

from engine.metrics.metric import EpochValues
from engine.text import with_minus

LOGIT_LIMIT = 100.0
"""Largest |logit| that counts as sane. Cross-entropy copes with larger ones, but a sound classifier does not give
them."""
GRADIENT_FLOOR = 1e-8
"""Gradient norm below which no weight changes in single precision."""


@dataclass(frozen=True)
class EpochEvidence:
    """Values of an epoch that findings need: metrics under their keys, and the labels. None: not measured, or
    undefined."""

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
    """Largest |logit|."""
    grad_norm: float | None = None
    """Gradient norm of the head."""
    grad_norm_first: float | None = None
    """Gradient norm of conv1. None while it is frozen: 0 would read as a vanished gradient."""
    nonfinite_share: float | None = None
    test_nll: float | None = None
    """Unweighted NLL, whatever the loss; for a network that predicts a grade, its own loss."""
    broken: str | None = None
    """Value that became non-finite within the epoch, which therefore never ended."""
    nll_error: float | None = None
    """Standard error of test_nll."""
    images_seen_group: int | None = None
    """Test images with a group member in train."""
    images_unseen_group: int | None = None
    test_acc_seen_group: float | None = None
    test_acc_unseen_group: float | None = None
    eval_train_acc: float | None = None
    """Accuracy on train images in evaluation mode, not augmented: of a run's last epoch alone."""
    eval_train_nll: float | None = None
    val_nll: float | None = None


def evidence_of(measured: EpochValues, *, baseline: float | None, labels: tuple[int, ...]) -> EpochEvidence:
    """Take the evidence from an epoch's values."""
    taken: dict[str, Any] = {
        each.name: measured.values[each.name]
        for each in fields(EpochEvidence)
        if each.name in measured.values
    }
    if taken["test_nll"] is None:
        taken["test_nll"] = measured.number("test_loss")
    return EpochEvidence(epoch=measured.epoch, baseline=baseline, labels=labels, **taken)


def most_predicted(evidence: EpochEvidence) -> int:
    """Return the class predicted most often."""
    return max(range(len(evidence.answers)), key=evidence.answers.__getitem__)


def most_predicted_shares(evidence: EpochEvidence) -> tuple[float, float]:
    """Return the share of predictions and the share of labels of the class predicted most often."""
    index = most_predicted(evidence)
    return evidence.answers[index] / sum(evidence.answers), evidence.labels[index] / sum(evidence.labels)


def unpredicted_classes(evidence: EpochEvidence) -> set[int]:
    """Return the classes that have test images and no prediction."""
    pairs = enumerate(zip(evidence.labels, evidence.answers, strict=False))
    return {place for place, (label, answer) in pairs if label and not answer}


def loss_course(collapsed: Sequence[EpochEvidence], constant: float | None) -> str:
    """Word the training loss over collapsed epochs, beside the majority-class loss."""
    losses = [evidence.train_loss for evidence in collapsed if evidence.train_loss is not None]
    if not losses:
        return ""
    beside = "" if constant is None else f" (majority-class loss {number(constant)})"
    if len(losses) == 1:
        return f"training loss {number(losses[0])}{beside}"
    falls = ", falling, but predictions do not change" if losses[-1] < losses[0] else ""
    return f"training loss {number(losses[0])} to {number(losses[-1])}{beside}{falls}"


def scores(evidence: EpochEvidence) -> list[str]:
    """Word accuracy beside its baseline, and kappa."""
    parts = []
    if evidence.test_acc is not None:
        against = "" if evidence.baseline is None else f" (baseline {percent(evidence.baseline)})"
        parts.append(f"test accuracy {percent(evidence.test_acc)}{against}")
    if evidence.kappa is not None:
        parts.append(f"kappa {with_minus(f'{evidence.kappa:.2f}')}")
    return parts


def logits_are_sane(evidence: EpochEvidence) -> bool:
    """Tell whether the logits were measured and are in the range that cross-entropy takes."""
    return evidence.max_logit is not None and evidence.max_logit <= LOGIT_LIMIT


def dead_gradients(evidence: EpochEvidence) -> list[str]:
    """Name the layers whose measured gradient moves nothing."""
    norms = {"head": evidence.grad_norm, "conv1": evidence.grad_norm_first}
    return [name for name, norm in norms.items() if norm is not None and not norm > GRADIENT_FLOOR]


def alarms(evidence: EpochEvidence) -> list[str]:
    """Name what looks broken besides the predictions."""
    parts = []
    if evidence.max_logit is not None and not logits_are_sane(evidence):
        parts.append(f"logits as large as {number(evidence.max_logit)}")
    if dead := dead_gradients(evidence):
        parts.append(f"no gradient reaches {' or '.join(dead)}")
    return parts


def what_works(evidence: EpochEvidence, *, frozen: bool = False) -> str:
    """Word the causes that the measured numbers rule out; `frozen` says that only the head was trained."""
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
    """Format with three significant digits, `–` for what was not measured."""
    return "–" if value is None else with_minus(f"{value:.3g}")


def percent(value: float) -> str:
    """Format a fraction as a percentage of four significant digits, so that 98.96 % is not rounded to 99."""
    return f"{value * 100:.4g} %"
