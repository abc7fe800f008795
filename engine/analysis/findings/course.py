"""Rules for the course over the epochs: worse than before, jumps, and training that ended too soon."""

import math

from engine.analysis.chance import (
    SIGNIFICANT,
    above_chance,
    exact_share_above_chance,
    fall_in_errors,
    rise_in_errors,
)
from engine.analysis.evidence import EpochEvidence, number, percent
from engine.analysis.finding import Severity
from engine.analysis.findings.case import Case
from engine.analysis.findings.found import Found
from engine.analysis.findings.paired_epochs import EpochLoss, epoch_loss, loss_since_best, normal_p
from engine.analysis.findings.suggestion import be_less_sure, learn_more, stabilise, train_less
from engine.metrics.selection import split_of
from engine.spec.pretrained import is_warm_start

ALPHA = 0.05
"""Chance of a false loss against the best epoch."""
LEAST_FALL = 0.01
"""Fall in accuracy from the best epoch that is worth a warning, however significant."""
LARGE_FALL, LARGE_ALPHA = 0.03, 0.15
"""A fall this large is worth a warning at this chance of being none."""
FALLING_EPOCHS = 4
"""Epochs that fell each time from the first on: one random order in 24 does."""
CRASH_ERRORS = 4.0
"""Fall between two epochs, in standard errors, that is a jump: one in 30,000 by sampling."""
CRASH = 0.05
"""Least fall in accuracy of a jump."""
FEW_CRASHES = 2
"""Jumps in the latest half of the epochs that make a run unstable; one is enough in the last epoch."""
NLL_RISE = 1.1
"""Multiple of the lowest test NLL from which it counts as risen."""
LEAST_NLL_RISE = 0.05
"""Rise of the test NLL that is worth a word, in nats: a hundredth of a nat doubles one near 0."""
NLL_FAR = 2.0
"""Multiple of the lowest test NLL from which a rise is a warning though accuracy did not fall."""
STILL_FALLING = 0.05
"""Share by which both losses fell over the last third of a run that still improves. One of them alone is no sign: the
training loss falls while images are learnt by heart, and the test loss at the end of a cosine."""
ONE_LOSS_FALLING = 0.1
"""The same where the training loss alone is known."""
SMALL_GAP = 0.13
"""Gap between training and test accuracy from which more epochs only widen it."""
SMALL_MEASURED_GAP = 0.1
"""The same where train images were evaluated, neither augmented nor while the network changed."""
MEMORISED_ACCURACY = 0.97
"""Training accuracy above which more epochs cannot help."""
NEARLY_PERFECT = 0.95
"""Cohen's kappa on test above which more epochs add next to nothing."""


def worse_than_best(case: Case) -> Found | None:
    """Find a last epoch that predicts fewer test images correctly than the best, by more than chance and choice."""
    best, last = case.best, case.latest
    if best.test_acc is None or last.test_acc is None or best.test_acc <= last.test_acc:
        return None
    paired = _paired_loss(case)
    errors = fall_in_errors(best, last)
    p = paired.p if paired is not None else normal_p(errors) * _looks(case) if errors is not None else 1.0
    fall = paired.fall if paired is not None else best.test_acc - last.test_acc
    parts = [
        f"{percent(best.test_acc - last.test_acc)} of accuracy lost since epoch {best.epoch}",
        *_nlls(best, last),
    ]
    parts.append(
        paired.worded()
        if paired is not None
        else f"{number(errors)} standard errors, not paired: judged from accuracies alone"
    )
    if (fall >= LEAST_FALL and p < ALPHA) or (fall >= LARGE_FALL and p < LARGE_ALPHA):
        return Found(parts, best.epoch + 1, train_less(case, best.epoch), "", None)
    if _fell_each_time(case):
        changes = train_less(case, best.epoch)
        return Found(parts, best.epoch + 1, changes, "", "note", "accuracy fell each epoch")
    return None


def _paired_loss(case: Case) -> EpochLoss | None:
    """Return the loss since the best epoch on the same images; None where predictions of the two were not kept."""
    halves = loss_since_best(case) if _chosen_on_test(case) else None
    if halves is not None:
        return halves
    found = epoch_loss(case, case.best.epoch, case.latest.epoch)
    return None if found is None else found.best_of(_looks(case))


def _chosen_on_test(case: Case) -> bool:
    return case.best_epoch is None or split_of(case.spec.select_on) == "test"


def _looks(case: Case) -> int:
    """Count the epochs among which the best was chosen by the test images themselves: the best of many is the luckiest
    too."""
    return sum(each.test_acc is not None for each in case.epochs) if _chosen_on_test(case) else 1


def _fell_each_time(case: Case) -> bool:
    accuracies = [each.test_acc for each in case.epochs]
    known = [each for each in accuracies if each is not None]
    falls = all(later < earlier for earlier, later in zip(known, known[1:], strict=False))
    return len(known) == len(accuracies) >= FALLING_EPOCHS and falls


def _nlls(before: EpochEvidence, after: EpochEvidence) -> list[str]:
    if before.test_nll is None or after.test_nll is None:
        return []
    return [f"test NLL {number(before.test_nll)} to {number(after.test_nll)}"]


def source_better(case: Case) -> Found | None:
    """Find a warm start whose source, epoch 0, predicts more test images correctly than every trained epoch."""
    source = case.untrained
    accuracies = [each.test_acc for each in case.epochs if each.test_acc is not None]
    if source is None or source.test_acc is None or not is_warm_start(case.spec.pretrained):
        return None
    if not accuracies or not source.test_acc > max(accuracies):
        return None
    best = case.best
    paired, errors = epoch_loss(case, 0, best.epoch), fall_in_errors(source, best)
    p = paired.p if paired is not None else normal_p(errors) if errors is not None else 1.0
    parts = [
        f"source, epoch 0: {percent(source.test_acc)}, better than each of {len(accuracies):,} trained epochs"
    ]
    parts.append(paired.worded() if paired is not None else f"{number(errors)} standard errors, not paired")
    if len(accuracies) > 1 and _chosen_on_test(case):
        parts.append(
            f"compared with epoch {best.epoch}, the best of {len(accuracies):,} on these images, which favours training"
        )
    return Found(parts, 1, stabilise(case), "", None if p < ALPHA else "note")


def crashes(case: Case) -> list[int]:
    """Return the epochs, from the second on, whose accuracy is far below that of the epoch before."""
    found = []
    for before, after in zip(case.epochs, case.epochs[1:], strict=False):
        errors = fall_in_errors(before, after)
        fall = (before.test_acc or 0.0) - (after.test_acc or 0.0)
        if errors is not None and errors >= CRASH_ERRORS and fall >= CRASH:
            found.append(after.epoch)
    return found


def unstable(case: Case) -> Found | None:
    """Find accuracies that jump down between epochs by more than sampling error, lately or in the last epoch."""
    found = crashes(case)
    late = [epoch for epoch in found if epoch > case.latest.epoch // 2]
    in_last = case.latest.epoch in found
    if not in_last and len(late) < FEW_CRASHES:
        return None
    by_epoch = {each.epoch: each for each in case.epochs}
    jumps = []
    for epoch in late[-3:]:
        before = max(number for number in by_epoch if number < epoch)
        accuracies = by_epoch[before].test_acc or 0.0, by_epoch[epoch].test_acc or 0.0
        jumps.append(f"{percent(accuracies[0])} to {percent(accuracies[1])} in epoch {epoch}")
    errors = max(
        fall_in_errors(before, after) or 0.0
        for before, after in zip(case.epochs, case.epochs[1:], strict=False)
    )
    parts = [f"accuracy fell from {', '.join(jumps)}"]
    ruled_out = f"falls of up to {number(errors)} standard errors: not the luck of few test images"
    headline = "crash in the last epoch" if in_last else ""
    return Found(parts, late[0], stabilise(case), ruled_out, None, headline)


def lowest_nll(epochs: tuple[EpochEvidence, ...]) -> EpochEvidence:
    """Return the epoch of lowest test NLL, the earlier of equals; the latest where none has one."""
    measured = [each for each in epochs if each.test_nll is not None]
    return min(measured, key=lambda each: each.test_nll or 0.0, default=epochs[-1])


def has_risen(case: Case) -> bool:
    """Tell whether the latest test NLL is far above the lowest."""
    lowest, latest = lowest_nll(case.epochs), case.latest
    if latest.test_nll is None or lowest.test_nll is None:
        return False
    return latest.test_nll > max(NLL_RISE * lowest.test_nll, lowest.test_nll + LEAST_NLL_RISE)


def nll_risen(case: Case) -> Found | None:
    """Find a test NLL significantly above its lowest, whatever the training loss does."""
    lowest, latest = lowest_nll(case.epochs), case.latest
    errors = rise_in_errors(lowest, latest)
    if not has_risen(case) or errors is None or errors < SIGNIFICANT or not lowest.test_nll:
        return None
    times = (latest.test_nll or 0.0) / lowest.test_nll
    parts = [
        f"{case.where()}: test NLL {number(latest.test_nll)}, {number(times)} times its lowest "
        f"{number(lowest.test_nll)} in epoch {lowest.epoch} ({number(errors)} standard errors)"
    ]
    then = lowest.train_loss
    if latest.train_loss is not None and then is not None and math.isfinite(then):
        parts.append(f"training loss {number(then)} to {number(latest.train_loss)}")
    fell = (latest.test_acc or 0.0) < (lowest.test_acc or 0.0)
    severity: Severity | None = None if fell or times >= NLL_FAR else "note"
    if not fell:
        parts.append("accuracy did not fall: wrong predictions became more confident")
    ways = train_less(case, lowest.epoch) if fell else be_less_sure(case, lowest.epoch)
    return Found(parts, lowest.epoch + 1, ways, "", severity)


def still_improving(case: Case) -> Found | None:
    """Find a run that is over while one of its losses was still falling, and its test NLL had not risen."""
    latest = case.latest
    measured = latest.eval_train_acc
    fitted, most = (latest.train_acc, SMALL_GAP) if measured is None else (measured, SMALL_MEASURED_GAP)
    if not case.is_over or (fitted or 0.0) >= MEMORISED_ACCURACY or has_risen(case):
        return None
    if (exact_share_above_chance(latest) or 0.0) >= NEARLY_PERFECT:
        return None
    falls = _late_falls(case)
    gap = (fitted or 0.0) - (latest.test_acc or 0.0)
    if not falls or (latest.test_acc is not None and gap > most):
        return None
    parts = [f"{case.where()}, the last: {falls}"]
    if measured is not None:
        parts.append(f"accuracy {percent(measured)} on {case.evaluated_in_words()} in evaluation mode")
    elif latest.train_acc is not None:
        parts.append(f"training accuracy {percent(latest.train_acc)}")
    return Found(parts, latest.epoch, learn_more(case), not_broken(case))


def _late_falls(case: Case) -> str:
    """Word the losses that both fell over the last third of the epochs; of a run of one epoch the training loss beside
    the majority-class loss. Empty where they did not."""
    start = len(case.epochs) - max(1, len(case.epochs) // 3) - 1
    latest = case.latest
    if start < 0:
        constant, loss = case.majority_class_loss, latest.train_loss
        if constant is None or loss is None or loss >= (1 - ONE_LOSS_FALLING) * constant:
            return ""
        return f"training loss {number(loss)} (majority-class loss {number(constant)})"
    before = case.epochs[start]
    # Where there is a val split, to train on is not decided by the test images.
    by_val = None not in (before.val_nll, latest.val_nll)
    courses = (
        ("training", before.train_loss, latest.train_loss),
        ("val", before.val_nll, latest.val_nll) if by_val else ("test", before.test_nll, latest.test_nll),
    )
    # A loss that was not finite is no loss to fall from.
    known = [
        (name, then, now)
        for name, then, now in courses
        if then is not None and math.isfinite(then) and now is not None
    ]
    least = STILL_FALLING if len(known) > 1 else ONE_LOSS_FALLING
    if not known or any(now >= (1 - least) * then for _, then, now in known):
        return ""
    falls = [f"{name} loss {number(then)} to {number(now)}" for name, then, now in known]
    return f"{', '.join(falls)} over the last third"


def not_broken(case: Case) -> str:
    """Word the failures that the latest numbers rule out."""
    latest, lowest = case.latest, lowest_nll(case.epochs)
    parts = []
    beyond = above_chance(latest)
    if beyond is not None and beyond >= SIGNIFICANT:
        parts.append(f"better than chance ({number(beyond)} σ): no collapse")
    if latest.test_nll is not None and not has_risen(case):
        at = (
            "at its lowest"
            if lowest.epoch == latest.epoch
            else f"near its lowest ({number(lowest.test_nll)})"
        )
        parts.append(f"test loss {number(latest.test_nll)} is {at}: no overfitting")
    return "; ".join(parts)
