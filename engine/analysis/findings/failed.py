"""Rules for networks that failed outright: diverged, or predicting one class."""

import math

from engine.analysis.evidence import (
    EpochEvidence,
    alarms,
    loss_course,
    most_predicted,
    most_predicted_shares,
    number,
    percent,
    what_works,
)
from engine.analysis.findings.case import LAG_STEPS, Case
from engine.analysis.findings.found import Found, since
from engine.analysis.findings.suggestion import learn_at_all, stabilise, stay_finite
from engine.recipes.samplers import SAMPLERS

COLLAPSED_SHARE = 0.99
"""Share of the predictions in one class from which a network predicts one class; a class with this share of the labels
too leaves no room to predict others. A share judges 7,026 images and 100 alike."""


SAMPLING_ERRORS = 2.0
"""Standard errors of sampling that are allowed for: three of 100 test images of a collapsed network may be predicted
otherwise."""
FEWEST_TO_ALLOW = 50
"""Test images below which no prediction of another class is allowed for: 17 of 18 may be what was learnt."""


def is_diverged(evidence: EpochEvidence) -> bool:
    """Tell whether a loss or a value of the epoch is not finite."""
    loss = evidence.train_loss
    return (loss is not None and not math.isfinite(loss)) or bool(evidence.nonfinite_share)


def predicts_one_class(evidence: EpochEvidence) -> bool:
    """Tell whether one class has nearly all predictions; NaN predictions count as divergence instead."""
    if is_diverged(evidence) or sum(evidence.answers) == 0 or sum(evidence.labels) == 0:
        return False
    images = sum(evidence.answers)
    others, few = images - max(evidence.answers), (1 - COLLAPSED_SHARE) * images
    return not others if images < FEWEST_TO_ALLOW else others <= few + SAMPLING_ERRORS * math.sqrt(few)


def is_collapsed(evidence: EpochEvidence) -> bool:
    """Tell whether one class has nearly all predictions but not nearly all labels."""
    return predicts_one_class(evidence) and most_predicted_shares(evidence)[1] < COLLAPSED_SHARE


def diverged(case: Case) -> Found | None:
    """Find a loss or values that are not finite in the latest epoch."""
    latest = case.latest
    if not is_diverged(latest):
        return None
    parts = [f"epoch {latest.epoch}: {latest.broken or f'training loss {number(latest.train_loss)}'}"]
    if latest.nonfinite_share is not None:
        parts[0] += f", {percent(latest.nonfinite_share)} of the values not finite"
    first = since(case.epochs, is_diverged)
    before = [evidence for evidence in case.epochs if evidence.epoch < first and not is_diverged(evidence)]
    ruled_out = ""
    if before:
        good = before[-1]
        ruled_out = (
            f"epoch {good.epoch} read the same images with loss {number(good.train_loss)}: "
            "neither images nor labels are broken"
        )
    return Found(parts, first, stay_finite(case), ruled_out)


def recovered(case: Case) -> Found | None:
    """Find earlier epochs that were not finite, in a run that is finite again."""
    broken = [evidence.epoch for evidence in case.epochs if is_diverged(evidence)]
    if not broken or is_diverged(case.latest):
        return None
    named = f"epoch{'s' * (len(broken) > 1)} {', '.join(map(str, broken[:3]))}{', …' * (len(broken) > 3)}"
    loss = case.latest.train_loss
    parts = [f"{named}: loss or values not finite; finite again, training loss {number(loss)}"]
    return Found(parts, broken[0], stay_finite(case))


def collapsed(case: Case) -> Found | None:
    """Find a network that predicts one class, which has less of the labels."""
    latest = case.latest
    if not is_collapsed(latest):
        return None
    same = most_predicted(latest)
    first = since(case.epochs, lambda each: is_collapsed(each) and most_predicted(each) == same)
    row = [evidence for evidence in case.epochs if evidence.epoch >= first]
    parts = [
        f"epoch {latest.epoch}: {_one_class(case)}, nearly all since epoch {first}",
        loss_course(row, case.majority_class_loss),
        *alarms(latest),
        *case.lag(),
    ]
    return Found(parts, first, learn_at_all(case), what_works(latest, frozen=case.is_frozen))


def only_majority(case: Case) -> Found | None:
    """Find predictions that are all of a class with nearly all labels: nothing shows that more was learnt."""
    latest = case.latest
    if not predicts_one_class(latest) or is_collapsed(latest):
        return None
    others = sum(latest.labels) - max(latest.labels)
    parts = [
        f"epoch {latest.epoch}: {_one_class(case)}: nothing learnt beyond the majority class shows, and "
        f"{others:,} test image{'s' * (others != 1)} of other classes cannot tell more"
    ]
    first = since(case.epochs, lambda each: predicts_one_class(each) and not is_collapsed(each))
    return Found(parts, first, learn_at_all(case), what_works(latest, frozen=case.is_frozen))


def _one_class(case: Case) -> str:
    predicted, labelled = most_predicted_shares(case.latest)
    name = case.named(most_predicted(case.latest))
    return f"{percent(predicted)} of predictions are {name} ({percent(labelled)} of labels)"


def batchnorm_lag(case: Case) -> Found | None:
    """Find training batches that are predicted better than the same images in evaluation mode; where these were not
    evaluated, by a network that in evaluation predicts one class too often."""
    if not case.is_lagging:
        return None
    latest = case.latest
    evaluated = (
        f"{percent(latest.eval_train_acc)} on {case.evaluated_in_words()} in evaluation mode, "
        if latest.eval_train_acc is not None
        else ""
    )
    parts = [
        f"{case.where()}: training accuracy {percent(latest.train_acc or 0.0)} in its batches, {evaluated}"
        f"test accuracy {percent(latest.test_acc or 0.0)}",
        *(_too_often(case) if latest.eval_train_acc is None else ()),
        f"after {case.steps} steps BatchNorm's running statistics do not fit the weights",
    ]
    has_many_steps = case.steps is not None and case.steps >= LAG_STEPS
    return Found(parts, None, stabilise(case) if has_many_steps else learn_at_all(case))


def _too_often(case: Case) -> list[str]:
    """Word the class that is predicted most often, beside its share of the training images."""
    latest, shares = case.latest, SAMPLERS[case.spec.sampler].drawn_shares(case.train_counts)
    if shares is None or not sum(latest.answers) or len(shares) != len(latest.answers):
        return []
    most = most_predicted(latest)
    return [
        f"{percent(most_predicted_shares(latest)[0])} of test predictions are {case.named(most)}, "
        f"{percent(shares[most])} of the training images are"
    ]
