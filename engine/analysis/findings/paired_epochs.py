"""Comparison of two epochs of a run by the same test images. The one place that knows which paired test is used."""

import math
from dataclasses import dataclass

from engine.analysis.findings.case import Case


@dataclass(frozen=True)
class EpochLoss:
    """Test images that one epoch predicts correctly and a later one does not, and the other way round."""

    lost: int
    won: int
    p: float
    """One-sided: probability of such a loss between epochs that are equally good."""
    by_groups: bool
    """Whether groups of images were counted instead of images."""

    def worded(self) -> str:
        test = "groups of images resampled" if self.by_groups else "mid-p McNemar"
        return (
            f"{self.lost:,} images lost, {self.won:,} won on the same test images, p = {self.p:.2g} ({test})"
        )


def epoch_loss(case: Case, before: int, after: int) -> EpochLoss | None:
    """Compare epoch `after` with epoch `before`; None where the predictions of either were not kept."""
    if case.predictions is None:
        return None
    first, second = case.predictions.correct(before), case.predictions.correct(after)
    if first is None or second is None or not len(first):
        return None
    lost, won = int((first & ~second).sum()), int((second & ~first).sum())
    groups = case.predictions.groups
    if groups is None or len(set(groups)) == len(groups):
        return EpochLoss(lost, won, mid_p(lost, won), by_groups=False)
    from scipy.stats import t

    from engine.analysis.paired_test import paired_difference

    found = paired_difference(first, second, groups)
    if found.low is None or found.high is None:
        return EpochLoss(lost, won, mid_p(lost, won), by_groups=False)
    error = (found.high - found.low) / 2 / float(t.ppf(0.975, found.groups - 1))
    return EpochLoss(lost, won, float(t.sf(found.difference / error, found.groups - 1)), by_groups=True)


def mid_p(lost: int, won: int) -> float:
    """Return the one-sided mid-p of McNemar's test (Fagerland, Lydersen and Laake 2013): the probability under
    Bin(lost + won, ½) of more lost images, and half that of as many."""
    images = lost + won
    if images == 0:
        return 0.5
    logs = (
        math.lgamma(images + 1)
        - math.lgamma(count + 1)
        - math.lgamma(images - count + 1)
        - images * math.log(2)
        for count in range(lost, images + 1)
    )
    chances = [math.exp(each) for each in logs]
    return math.fsum(chances[1:]) + chances[0] / 2


def normal_p(errors: float) -> float:
    """Return the one-sided p of a difference in standard errors."""
    return math.erfc(errors / math.sqrt(2)) / 2
