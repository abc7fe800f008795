"""Comparison of predictions with chance, from counts of predictions and labels and the accuracy."""

import math
from collections.abc import Sequence

from engine.analysis.evidence import EpochEvidence

SIGNIFICANT = 3.0
"""Standard errors above chance from which predictions count as better than chance. A random predictor gets there in 1
of 700 runs, because two tests are made."""
SUGGESTIVE = 1.64
"""Standard errors above chance from which few test images may hide what was learnt: one random predictor in 20 gets
there."""
LEARNT = 0.5
"""Share of the way from chance to perfect that predictions called no better than chance must be measured well enough to
rule out, two standard errors above what was measured."""
LEAST_SHARE = 0.1
"""Share of the way from chance to perfect below which predictions count as no better than chance, however significant:
with 7,026 test images, 100 predictions off the most frequent class are enough for significance."""


def is_near_chance(evidence: EpochEvidence) -> bool | None:
    """Tell whether predictions agree with the labels no more than by chance, or by less than LEAST_SHARE of what is
    possible. None where neither is defined."""
    beyond, share = above_chance(evidence), share_above_chance(evidence)
    if beyond is None or share is None:
        return None
    return beyond < SIGNIFICANT or share < LEAST_SHARE


def may_hide_learning(evidence: EpochEvidence) -> bool:
    """Tell whether predictions that are not significantly better than chance may still be: there are too few of them,
    as 15 of 20 correct with two classes."""
    beyond, share = above_chance(evidence), share_above_chance(evidence)
    if beyond is None or share is None or not 0 < beyond < SIGNIFICANT or share < LEAST_SHARE:
        return False
    return beyond >= SUGGESTIVE or share + 2 * share / beyond >= LEARNT


def share_above_chance(evidence: EpochEvidence) -> float | None:
    """Place the predictions between chance (0) and perfect (1): Cohen's kappa, or where classes are ordered the
    quadratic one if it is larger. None where neither is defined."""
    found = (evidence.kappa, exact_share_above_chance(evidence))
    return max((each for each in found if each is not None), default=None)


def exact_share_above_chance(evidence: EpochEvidence) -> float | None:
    """Return Cohen's unweighted kappa, which gives a near miss no credit; None where it is undefined."""
    images, accuracy = sum(evidence.labels), evidence.test_acc
    if accuracy is None or not images or len(evidence.answers) != len(evidence.labels):
        return None
    pairs = zip(evidence.answers, evidence.labels, strict=True)
    expected = sum(predicted * labelled for predicted, labelled in pairs) / images**2
    return (accuracy - expected) / (1 - expected) if expected < 1 else None


def above_chance(evidence: EpochEvidence) -> float | None:
    """Count the standard errors by which predictions agree with the labels beyond the same predictions in random
    order; the larger of exact agreement and, where classes are ordered, of nearness (kappa). None where neither is
    defined."""
    predicted, labels = evidence.answers, evidence.labels
    images = sum(labels)
    if len(predicted) != len(labels) or sum(predicted) != images or images < 2:
        return None
    found = (exact_beyond_chance(evidence), _nearness(evidence.kappa, predicted, labels))
    return max((each for each in found if each is not None), default=None)


def exact_beyond_chance(evidence: EpochEvidence) -> float | None:
    """Count the standard errors of exact agreement alone; below 0 the predictions agree less than by chance."""
    predicted, labels = evidence.answers, evidence.labels
    if len(predicted) != len(labels) or sum(predicted) != sum(labels) or sum(labels) < 2:
        return None
    return _agreement(evidence.test_acc, predicted, labels)


def _agreement(accuracy: float | None, predicted: Sequence[int], labels: Sequence[int]) -> float | None:
    """Compare accuracy with its mean over all orders of the predictions, in standard deviations (the matching variance
    of Mantel's generalised hypergeometric, as behind Cohen's kappa: Fleiss, Cohen and Everitt 1969)."""
    if accuracy is None:
        return None
    images = sum(labels)
    pairs = [(a / images, b / images) for a, b in zip(predicted, labels, strict=True)]
    expected = sum(a * b for a, b in pairs)
    variance = expected + expected**2 - sum(a * b * (a + b) for a, b in pairs)
    return (accuracy - expected) * math.sqrt(images / variance) if variance > 1e-12 else None


def _nearness(kappa: float | None, predicted: Sequence[int], labels: Sequence[int]) -> float | None:
    """Return r·√(n − 1), the statistic of Pearson's permutation test. Quadratic kappa is a covariance in other units,
    so r follows from it."""
    if kappa is None:
        return None
    images = sum(labels)
    (mean_a, variance_a), (mean_b, variance_b) = _moments(predicted), _moments(labels)
    if variance_a <= 0 or variance_b <= 0:
        return None
    covariance = kappa * (variance_a + variance_b + (mean_a - mean_b) ** 2) / 2
    return covariance / math.sqrt(variance_a * variance_b) * math.sqrt(images - 1)


def _moments(counts: Sequence[int]) -> tuple[float, float]:
    images = sum(counts)
    mean = sum(grade * count for grade, count in enumerate(counts)) / images
    return mean, sum(count * (grade - mean) ** 2 for grade, count in enumerate(counts)) / images


def accuracy_error(accuracy: float, images: int) -> float:
    """Return the binomial standard error of an accuracy, at least that of one wrong prediction."""
    share = min(max(accuracy, 1 / images), 1 - 1 / images) if images > 1 else 0.5
    return math.sqrt(share * (1 - share) / max(images, 1))


def nll_error(evidence: EpochEvidence) -> float | None:
    """Return the standard error of the test NLL; where it was not measured, as if the images' NLL were distributed
    exponentially, which is about right for a classifier: most near 0, few large."""
    images = sum(evidence.labels)
    if evidence.test_nll is None or not images:
        return None
    return evidence.nll_error or max(evidence.test_nll, 0.0) / math.sqrt(images)


def fall_in_errors(before: EpochEvidence, after: EpochEvidence) -> float | None:
    """Count the standard errors by which test accuracy fell, as if the epochs had been tested on different images."""
    first, second = before.test_acc, after.test_acc
    images = min(sum(before.labels), sum(after.labels))
    if first is None or second is None or not images:
        return None
    return (first - second) / math.hypot(accuracy_error(first, images), accuracy_error(second, images))


def rise_in_errors(before: EpochEvidence, after: EpochEvidence) -> float | None:
    """Count the standard errors by which the test NLL rose, as if the epochs had been tested on different images."""
    errors = nll_error(before), nll_error(after)
    if before.test_nll is None or after.test_nll is None or errors[0] is None or errors[1] is None:
        return None
    spread = math.hypot(errors[0], errors[1])
    return (after.test_nll - before.test_nll) / spread if spread else None
