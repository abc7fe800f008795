"""Rules for networks that did not fail outright: underfitting, overfitting, healthy."""

from engine.analysis.case import Case, Verdict
from engine.analysis.chance import (
    SIGNIFICANT,
    above_chance,
    accuracy_error,
    exact_share_above_chance,
    is_near_chance,
    share_above_chance,
)  # fmt: skip
from engine.analysis.collapse import is_collapsed, is_diverged, since
from engine.analysis.evidence import (
    EpochEvidence,
    alarms,
    most_predicted,
    most_predicted_shares,
    never_predicted,
    number,
    percent,
    scores,
    what_works,
)
from engine.analysis.suggestion import generalise, learn_at_all, learn_more, prescribe
from engine.recipes.samplers import SAMPLERS

NLL_RISE = 1.1
"""Multiple of the lowest test loss from which the test loss counts as risen."""
RISEN_EPOCHS = 2
"""Epochs in a row with a risen test loss that make a run overfitted: a single one may be noise."""
LEAST_GAP = 0.1
"""Least gap between training and test accuracy of an overfitted run; it must also exceed GAP_ERRORS."""
GAP_ERRORS = 3.0
"""Least gap between training and test accuracy, in standard errors of the test accuracy."""
MEMORISED_LOSS = 0.8
"""Share of the majority-class loss above which a training loss shows that nothing was memorised."""
STILL_FALLING = 0.1
"""Share by which the training or the test loss fell over the last third of a run that still improves."""
MEMORISED_ACCURACY = 0.97
"""Training accuracy above which more epochs cannot help."""
NEARLY_PERFECT = 0.95
"""Cohen's kappa on test above which more epochs add next to nothing."""
NOTHING_LEARNT = 0.97
"""Share of the majority-class loss above which a training loss is no better than it."""


def is_at_chance(case: Case, evidence: EpochEvidence) -> bool:
    """Tell whether test predictions are hardly better than chance; where that cannot be said, whether the training
    loss is not below the majority-class loss."""
    little = is_near_chance(evidence)
    if little is not None:
        return little
    constant, loss = case.majority_class_loss, evidence.train_loss
    return constant is not None and loss is not None and loss > NOTHING_LEARNT * constant


def overfitting(case: Case) -> Verdict | None:
    """Judge a run that fits the training images better and better, and the test images worse than before."""
    signs = signs_of_overfitting(case)
    first = since(case.epochs, lambda each: each.epoch in signs)
    row = sum(each.epoch >= first for each in case.epochs)
    if case.latest.epoch not in signs or row < RISEN_EPOCHS or case.is_lagging:
        return None
    latest, best = case.latest, lowest_test_loss(case.epochs)
    parts = [
        f"{case.where()}: test loss {number(latest.test_nll)}, at its lowest {number(best.test_nll)} "
        f"in epoch {best.epoch}; training accuracy {percent(latest.train_acc or 0.0)}",
        *scores(latest),
    ]
    if is_at_chance(case, latest):
        parts.append("test predictions are no better than chance: check the labels")
    suggestion, change = prescribe(case.spec, generalise(case, best.epoch))
    before = f"below the {number(best.train_loss)} of epoch {best.epoch}"
    ruled_out = f"training loss {number(latest.train_loss)}, {before}: neither depth nor lr is too small"
    return Verdict("overfitting", "; ".join(parts), ruled_out, suggestion, first, change)


def signs_of_overfitting(case: Case) -> set[int]:
    """Return the epochs that fit the training images better than the epoch of lowest test loss so far, and the test
    images worse than that epoch and worse than the training images."""
    signs: set[int] = set()
    best: EpochEvidence | None = None
    for evidence in case.epochs:
        if evidence.test_nll is None:
            continue
        if best is None or best.test_nll is None or evidence.test_nll < best.test_nll:
            best = evidence
        elif evidence.test_nll > NLL_RISE * best.test_nll and _memorises(case, evidence, best):
            signs.add(evidence.epoch)
    return signs


def _memorises(case: Case, evidence: EpochEvidence, best: EpochEvidence) -> bool:
    losses, accuracies = (evidence.train_loss, best.train_loss), (evidence.train_acc, evidence.test_acc)
    if losses[0] is None or losses[1] is None or accuracies[0] is None or accuracies[1] is None:
        return False
    error = accuracy_error(accuracies[1], sum(evidence.labels))
    if not SAMPLERS[case.spec.sampler].keeps_shares:
        # Training batches have other class shares than the test set, so the accuracies cannot be compared.
        return losses[0] < min(losses[1], MEMORISED_LOSS * (case.majority_class_loss or losses[1]))
    if case.majority_class_loss is not None and losses[0] > MEMORISED_LOSS * case.majority_class_loss:
        return False
    return losses[0] < losses[1] and accuracies[0] - accuracies[1] > max(LEAST_GAP, GAP_ERRORS * error)


def lowest_test_loss(epochs: tuple[EpochEvidence, ...]) -> EpochEvidence:
    """Return the epoch of lowest test loss, the earlier of equals; the latest where none has a test loss."""
    measured = [each for each in epochs if each.test_nll is not None]
    return min(measured, key=lambda each: each.test_nll or 0.0, default=epochs[-1])


def underfitting(case: Case) -> Verdict | None:
    """Judge a run that is no better than chance, or that ended while it still improved."""
    if is_at_chance(case, case.latest):
        return _near_chance(case)
    return _stopped_early(case) if still_learns(case) else None


def _near_chance(case: Case) -> Verdict:
    latest, constant = case.latest, case.majority_class_loss
    parts = [f"{case.where()}: test predictions are {_beside_chance(latest)}", *scores(latest)]
    if constant is not None and latest.train_loss is not None:
        parts.append(f"training loss {number(latest.train_loss)} (majority-class loss {number(constant)})")
    parts += [*alarms(latest), *case.lag()]
    suggestion, change = prescribe(case.spec, learn_at_all(case))
    if latest.epoch == 1 and not case.is_over:
        parts, suggestion, change = [*parts, "too early to say more"], "", {}
    first = since(case.epochs, lambda each: is_at_chance(case, each))
    return Verdict(
        "underfitting", "; ".join(parts), what_works(latest, frozen=case.is_frozen), suggestion, first, change
    )


def _beside_chance(evidence: EpochEvidence) -> str:
    beyond, share = above_chance(evidence), share_above_chance(evidence)
    if beyond is None or share is None or beyond < SIGNIFICANT:
        return "no better than chance so far"
    return f"hardly better than chance: {percent(share)} of the way from chance to perfect"


def still_learns(case: Case) -> bool:
    """Tell whether the run is over, one of its losses was still falling, and its test loss had not risen."""
    latest, best = case.latest, lowest_test_loss(case.epochs)
    if not case.is_over or (latest.train_acc or 0.0) >= MEMORISED_ACCURACY:
        return False
    if (exact_share_above_chance(latest) or 0.0) >= NEARLY_PERFECT:
        return False
    if latest.test_nll is not None and latest.test_nll > NLL_RISE * (best.test_nll or 0.0):
        return False
    return bool(_late_falls(case))


def _late_falls(case: Case) -> str:
    """Word the losses that fell over the last third of the epochs; of a run of one epoch the training loss beside the
    majority-class loss."""
    start = len(case.epochs) - max(1, len(case.epochs) // 3) - 1
    before = case.epochs[start] if start >= 0 else None
    latest = case.latest
    if before is None:
        constant, loss = case.majority_class_loss, latest.train_loss
        if constant is None or loss is None or loss >= (1 - STILL_FALLING) * constant:
            return ""
        return f"training loss {number(loss)} (majority-class loss {number(constant)})"
    courses = (
        ("training", before.train_loss, latest.train_loss),
        ("test", before.test_nll, latest.test_nll),
    )
    falls = [
        f"{name} loss {number(then)} to {number(now)}"
        for name, then, now in courses
        if then is not None and now is not None and now < (1 - STILL_FALLING) * then
    ]
    return f"{', '.join(falls)} over the last third" if falls else ""


def _stopped_early(case: Case) -> Verdict:
    latest = case.latest
    evidence = [
        f"{case.where()}, the last: {_late_falls(case)}",
        f"training accuracy {percent(latest.train_acc or 0.0)}",
        *scores(latest),
    ]
    suggestion, change = prescribe(case.spec, learn_more(case))
    return Verdict("underfitting", "; ".join(evidence), not_broken(case), suggestion, latest.epoch, change)


def healthy(case: Case) -> Verdict:
    """Judge a run that no other rule applies to."""
    latest = case.latest
    parts = list(scores(latest))
    if sum(latest.answers) and sum(latest.labels):
        parts += filter(None, [never_predicted(latest)])
        predicted, labelled = most_predicted_shares(latest)
        text = f"{percent(predicted)} of predictions are class {most_predicted(latest)}"
        parts.append(f"{text} ({percent(labelled)} of labels)")
    evidence = f"{case.where()}: " + ("; ".join(parts) or "no test predictions")

    def holds(each: EpochEvidence) -> bool:
        return not (is_diverged(each) or is_collapsed(each) or is_at_chance(case, each))

    return Verdict("healthy", evidence, not_broken(case), "", since(case.epochs, holds))


def not_broken(case: Case) -> str:
    """Word the failures that the latest numbers rule out."""
    latest, best = case.latest, lowest_test_loss(case.epochs)
    parts = []
    beyond = above_chance(latest)
    if beyond is not None and beyond >= SIGNIFICANT:
        parts.append(f"better than chance ({number(beyond)} σ): no collapse")
    if latest.test_nll is not None and latest.test_nll <= NLL_RISE * (best.test_nll or 0.0):
        at = "at its lowest" if best.epoch == latest.epoch else f"near its lowest ({number(best.test_nll)})"
        parts.append(f"test loss {number(latest.test_nll)} is {at}: no overfitting")
    return "; ".join(parts)
