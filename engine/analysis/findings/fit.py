"""Rule for overfitting: the training images fit better and better, and the test images worse than before or far worse
than them."""

import math

from engine.analysis.chance import accuracy_error, is_near_chance, rise_in_errors
from engine.analysis.evidence import EpochEvidence, number, percent
from engine.analysis.finding import Severity
from engine.analysis.findings.case import Case
from engine.analysis.findings.course import MEMORISED_ACCURACY, lowest_nll
from engine.analysis.findings.found import Found, since
from engine.analysis.findings.suggestion import generalise
from engine.recipes.samplers import SAMPLERS

EVIDENCE = 3.0
"""Evidence for overfitting in standard errors: of the rise of the test NLL and of the gap between training and test
accuracy together (Stouffer: their sum over √2), so that a clear rise makes up for a small gap and the other way round,
and no single number is a cliff."""
LEAST_RISE_ERRORS, LEAST_GAP_ERRORS = 2.5, 1.0
"""Standard errors that rise and gap must have: at a constant lr the NLL swings by two from epoch to epoch."""
MOST_EACH = 6.0
"""Standard errors that each counts at most: no gap, however large, makes up for a rise that is none."""
RISE_ALONE = 3.0
"""Standard errors of the rise where the accuracies cannot be compared."""
LEAST_RISE = 1.05
"""Multiple of the lowest test NLL below which a rise is not worth a word, however significant."""
LEAST_NATS = 0.05
"""Rise of the test NLL below which it is not worth a word: a hundredth of a nat doubles one near 0."""
LEAST_GAP = 0.02
"""Gap between training and test accuracy below which it is not worth a word, however significant."""
RISEN_EPOCHS = 2
"""Epochs in a row with a risen test NLL that make a run overfitted: a single one may be noise."""
MEMORISED_LOSS = 0.8
"""Share of the majority-class loss above which a training loss shows that nothing was memorised."""
FEWEST_STEPS = 30
"""Steps before which nothing is called overfitting: BatchNorm's running statistics move a tenth of the way a step, and
before a twentieth of the beginning is left in them, they alone lower test accuracy and raise the test NLL."""
BY_HEART = 0.9
"""Running average of training accuracy from which the training images are known by heart: it is that of half an epoch
ago, and of augmented images."""
GAP_ERRORS = 3.0
"""Standard errors of the gap where the training images are known by heart and the test NLL did not rise."""
BY_HEART_MEASURED = 0.95
"""Accuracy on train images in evaluation mode from which they are known by heart."""
NOTED_GAP = 0.1
"""Gap from which training images known by heart are noted."""
WARNED_GAP = 0.2
"""Gap from which they are a warning."""


LEAST_MEASURED_GAP = 0.07
"""Gap between test and train images, both in evaluation mode, below which a risen test NLL alone is no overfitting."""
MEASURED_RISE = 2.0
"""Standard errors that the rise of the test NLL must have where train images were evaluated."""
LEAST_LAG = 0.05
"""Training accuracy this far above that of the same images in evaluation mode: the rise may be that of the lag."""
LEAST_NLL_GAP = 0.1
"""Nats by which the test NLL lies above that of the train images, both in evaluation mode."""
FITTED = 0.6
"""Accuracy on train images in evaluation mode below which a network has not fitted them."""
FAR = 0.3
"""Gap that is overfitting whatever the test NLL does, from FITTED on."""


def overfitting(case: Case) -> Found | None:
    """Find a run that fits the training images better and better, and the test images worse than before; or one that
    knows the training images by heart and predicts far fewer of the test images correctly."""
    latest = case.latest
    if case.is_lagging:
        return None
    if latest.eval_train_acc is not None and latest.test_acc is not None and any(latest.labels):
        return _measured(case, latest.eval_train_acc, latest.test_acc)
    if case.steps is not None and case.steps < FEWEST_STEPS:
        return None
    signs = signs_of_overfitting(case)
    first = since(case.epochs, lambda each: each.epoch in signs)
    row = sum(each.epoch >= first for each in case.epochs)
    if latest.epoch in signs and row >= RISEN_EPOCHS:
        return _risen(case, first)
    return _memorised(case)


def _measured(case: Case, train_acc: float, test_acc: float) -> Found | None:
    """Judge a run whose train images were evaluated: neither augmentation nor BatchNorm blurs the gap then."""
    gap, evaluated = train_acc - test_acc, case.evaluated_train_images
    images = sum(case.latest.labels)
    errors = gap / math.hypot(
        accuracy_error(test_acc, images), accuracy_error(train_acc, evaluated or images)
    )
    lowest = lowest_nll(case.epochs)
    risen = _is_risen(case, lowest, gap, errors)
    far = (train_acc >= BY_HEART and gap >= WARNED_GAP) or (train_acc >= FITTED and gap >= FAR)
    noted = train_acc >= BY_HEART_MEASURED and gap >= NOTED_GAP
    if train_acc < FITTED or not (risen or (errors >= GAP_ERRORS and (far or noted))):
        return None
    latest = case.latest
    parts = [
        f"{case.where()}: {percent(train_acc)} of {case.evaluated_in_words()} correct in evaluation mode, "
        f"{percent(gap)} above test ({number(errors)} standard errors)"
    ]
    if risen:
        parts.append(
            f"test NLL {number(latest.test_nll)}, lowest {number(lowest.test_nll)} in epoch {lowest.epoch} "
            f"({number(rise_in_errors(lowest, latest))} standard errors)"
        )
    first = since(case.epochs, lambda each: _gap(each) >= NOTED_GAP)
    ruled_out = f"training accuracy {percent(train_acc)}: neither depth nor lr is too small"
    severity: Severity | None = None if risen or far else "note"
    changes = generalise(case, lowest.epoch if risen else None)
    return Found([*parts, *_at_chance(latest)], first, changes, ruled_out, severity)


def _is_risen(case: Case, lowest: EpochEvidence, gap: float, gap_errors: float) -> bool:
    """Tell whether the test NLL has risen since its lowest while the train images were fitted better and better."""
    latest, rise = case.latest, rise_in_errors(lowest, case.latest)
    now, then, nll = latest.test_nll, lowest.test_nll, latest.eval_train_nll
    if now is None or then is None or rise is None or now <= max(LEAST_RISE * then, then + LEAST_NATS):
        return False
    if latest.train_loss is None or lowest.train_loss is None or not latest.train_loss < lowest.train_loss:
        return False
    if nll is not None and nll > now - LEAST_NLL_GAP:
        return False
    lag = (latest.train_acc or 0.0) - (latest.eval_train_acc or 0.0)
    if gap < LEAST_MEASURED_GAP or (SAMPLERS[case.spec.sampler].keeps_shares and lag > LEAST_LAG):
        return False
    return (
        rise >= MEASURED_RISE
        and (min(rise, MOST_EACH) + min(gap_errors, MOST_EACH)) / math.sqrt(2) >= EVIDENCE
    )


def signs_of_overfitting(case: Case) -> set[int]:
    """Return the epochs that fit the training images better than the epoch of lowest test NLL so far, and the test
    images worse than that epoch and worse than the training images."""
    signs: set[int] = set()
    best: EpochEvidence | None = None
    for evidence in case.epochs:
        if evidence.test_nll is None:
            continue
        if best is None or best.test_nll is None or evidence.test_nll < best.test_nll:
            best = evidence
        elif evidence.test_nll > max(LEAST_RISE * best.test_nll, best.test_nll + LEAST_NATS) and _fits_worse(
            case, evidence, best
        ):
            signs.add(evidence.epoch)
    return signs


def _fits_worse(case: Case, evidence: EpochEvidence, best: EpochEvidence) -> bool:
    """Tell whether the evidence of an epoch against that of lowest test NLL is enough."""
    now, then, rise = evidence.train_loss, best.train_loss, rise_in_errors(best, evidence)
    if now is None or then is None or rise is None or not now < then:
        return False
    constant = case.majority_class_loss
    if constant is not None and now > MEMORISED_LOSS * constant:
        return False
    gap = gap_in_errors(evidence)
    if not SAMPLERS[case.spec.sampler].keeps_shares or gap is None:
        # Training batches have other class shares than the test set, so the accuracies cannot be compared.
        return rise >= RISE_ALONE
    if rise < LEAST_RISE_ERRORS or gap < LEAST_GAP_ERRORS or _gap(evidence) < LEAST_GAP:
        return False
    return (min(rise, MOST_EACH) + min(gap, MOST_EACH)) / math.sqrt(2) >= EVIDENCE


def _gap(evidence: EpochEvidence) -> float:
    if evidence.train_acc is None or evidence.test_acc is None:
        return 0.0
    return evidence.train_acc - evidence.test_acc


def gap_in_errors(evidence: EpochEvidence) -> float | None:
    """Return the gap between training and test accuracy in standard errors of the latter."""
    if evidence.train_acc is None or evidence.test_acc is None or not sum(evidence.labels):
        return None
    return _gap(evidence) / accuracy_error(evidence.test_acc, sum(evidence.labels))


def _risen(case: Case, first: int) -> Found:
    latest, lowest = case.latest, lowest_nll(case.epochs)
    rise, gap = rise_in_errors(lowest, latest), gap_in_errors(latest)
    parts = [
        f"{case.where()}: test NLL {number(latest.test_nll)}, lowest {number(lowest.test_nll)} in epoch "
        f"{lowest.epoch} ({number(rise)} standard errors)",
        f"training accuracy {percent(latest.train_acc or 0.0)} (gap {number(gap)} standard errors)",
        *_at_chance(latest),
        *case.lag(),
    ]
    before = f"below the {number(lowest.train_loss)} of epoch {lowest.epoch}"
    ruled_out = f"training loss {number(latest.train_loss)}, {before}: neither depth nor lr is too small"
    return Found(parts, first, generalise(case, lowest.epoch), ruled_out)


def _memorised(case: Case) -> Found | None:
    latest = case.latest
    if not _is_by_heart(case, latest):
        return None
    gap, errors = _gap(latest), gap_in_errors(latest)
    parts = [
        f"{case.where()}: training accuracy {percent(latest.train_acc or 0.0)}, {percent(gap)} above test "
        f"({number(errors)} standard errors), training loss {number(latest.train_loss)}",
        *_at_chance(latest),
        *case.lag(),
    ]
    first = since(case.epochs, lambda each: _is_by_heart(case, each))
    ruled_out = "the training images are known by heart: neither depth nor lr is too small"
    return Found(parts, first, generalise(case, None), ruled_out, None if gap >= WARNED_GAP else "note")


def _is_by_heart(case: Case, evidence: EpochEvidence) -> bool:
    errors = gap_in_errors(evidence)
    if errors is None or not SAMPLERS[case.spec.sampler].keeps_shares:
        return False
    accuracy, gap = evidence.train_acc or 0.0, _gap(evidence)
    by_heart = accuracy >= MEMORISED_ACCURACY or (accuracy >= BY_HEART and gap >= WARNED_GAP)
    return by_heart and errors >= GAP_ERRORS and gap >= NOTED_GAP


def _at_chance(evidence: EpochEvidence) -> list[str]:
    return (
        ["test predictions are no better than chance: check the labels"] if is_near_chance(evidence) else []
    )
