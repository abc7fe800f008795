"""Comparison of two epochs of a run by the same test images. The one place that knows which paired test is used."""

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from engine.analysis.findings.case import Case

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

SPLITS = 16
"""Divisions of the test images into halves; their mean does not hang on one of them."""


@dataclass(frozen=True)
class EpochLoss:
    """Test images that one epoch predicts correctly and a later one does not, and the other way round."""

    lost: int
    won: int
    p: float
    """One-sided: probability of such a loss between epochs that are equally good."""
    by_groups: bool
    """Whether groups of images were counted instead of images."""
    images: int
    by_halves: bool = False
    """Whether one half of the images chose the epoch and the other measured it, both ways."""

    @property
    def fall(self) -> float:
        """Return the share of the images by which the later epoch is worse."""
        return (self.lost - self.won) / self.images

    def worded(self) -> str:
        if self.by_halves:
            return (
                f"best epoch chosen on half of the test images, the other half then loses {self.lost:,} and wins "
                f"{self.won:,} of {self.images:,}, both ways and mean of {SPLITS}, p = {self.p:.2g}"
            )
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
        return EpochLoss(lost, won, mid_p(lost, won), by_groups=False, images=len(first))
    from engine.analysis.comparison.paired import paired_test

    found = paired_test(first, second, groups)
    if found.p is None:
        return EpochLoss(lost, won, mid_p(lost, won), by_groups=False, images=len(first))
    p = found.p / 2 if lost > won else 1 - found.p / 2
    return EpochLoss(lost, won, p, by_groups=True, images=len(first))


def loss_since_best(case: Case, best: int) -> EpochLoss | None:
    """Compare the last epoch with the best, which the test images chose and which is therefore the luckiest too: one
    half of the images chooses it, the other measures the loss. None where an epoch's predictions were not kept."""
    import numpy as np

    if case.predictions is None:
        return None
    rows = [case.predictions.correct(each.epoch) for each in case.epochs]
    kept = [row for row in rows if row is not None]
    if len(kept) < len(rows) or not len(kept[0]):
        return None
    right = np.stack(kept)
    members = _members(case.predictions.groups, right.shape[1])
    lost, won = np.zeros(right.shape[1]), np.zeros(right.shape[1])
    for split in range(SPLITS):
        halves = np.random.default_rng(split).permutation(members.max() + 1)[members] % 2 == 0
        for half in (halves, ~halves):
            if half.any() and not half.all():
                chosen = right[right[:, half].mean(axis=1).argmax()]
                lost += ~half & chosen & ~right[-1]
                won += ~half & right[-1] & ~chosen
    return _of_halves(lost / SPLITS, won / SPLITS, members)


def _members(groups: tuple[str, ...] | None, images: int) -> "NDArray[np.int64]":
    """Return the number of each image's group; each image is its own where there are none."""
    import numpy as np

    return np.arange(images) if groups is None else np.unique(groups, return_inverse=True)[1]


def _of_halves(
    lost: "NDArray[np.float64]", won: "NDArray[np.float64]", members: "NDArray[np.int64]"
) -> EpochLoss:
    import numpy as np

    whole = round(float(lost.sum())), round(float(won.sum()))
    groups = int(members.max()) + 1
    if groups == len(lost) or groups < 3:
        return EpochLoss(*whole, mid_p(*whole), by_groups=False, images=len(lost), by_halves=True)
    from scipy.stats import t

    sums = np.bincount(members, weights=lost - won)
    error = float(sums.std(ddof=1)) * math.sqrt(groups)
    p = float(t.sf(sums.sum() / error, groups - 1)) if error > 0 else 0.5
    return EpochLoss(*whole, p, by_groups=True, images=len(lost), by_halves=True)


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
