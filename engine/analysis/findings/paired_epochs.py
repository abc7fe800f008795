"""Comparison of two epochs of a run by the same test images. The one place that knows which paired test is used."""

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from engine.analysis.findings.case import Case

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from engine.analysis.comparison.clusters import Clusters

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
    looks: int = 1
    """Epochs of which it is the best on these images, by which p is multiplied; 1 where they did not choose it so."""

    def best_of(self, looks: int) -> "EpochLoss":
        """Return the loss against an epoch that is the best of so many on the same images."""
        return replace(self, p=min(self.p * looks, 1.0), looks=looks)

    @property
    def fall(self) -> float:
        """Return the share of the images by which the later epoch is worse."""
        return (self.lost - self.won) / self.images

    def worded(self) -> str:
        if self.by_halves:
            return (
                f"best epoch chosen on half of the test images, the other half then loses {self.lost:,} and wins "
                f"{self.won:,} of {self.images:,}, both ways and mean of {SPLITS}, one-sided p = {self.p:.2g}"
            )
        test = "signs of whole groups flipped" if self.by_groups else "mid-p McNemar"
        test += f", times {self.looks:,} epochs to choose from" if self.looks > 1 else ""
        told = f"{self.lost:,} images lost, {self.won:,} won on the same test images"
        return f"{told}, one-sided p = {self.p:.2g} ({test})"


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
    return EpochLoss(lost, won, _one_sided(found.p, lost - won), by_groups=True, images=len(first))


def loss_since_best(case: Case) -> EpochLoss | None:
    """Compare the last epoch with the best, which the test images chose and which is therefore the luckiest too: one
    half of the images chooses as `select_on` does, the other measures the loss. None where an epoch's predictions were
    not kept, and where predicted classes alone cannot repeat the choice."""
    import numpy as np

    from engine.analysis.comparison.clusters import Clusters
    from engine.analysis.comparison.optimism import CHOOSERS

    known = case.predictions
    name = "test_acc" if case.best_epoch is None else case.spec.select_on
    if known is None or not len(known.labels) or name not in CHOOSERS:
        return None
    clusters = Clusters.of(len(known.labels), known.groups)
    halves, epochs = _halves(clusters), [each.epoch for each in case.epochs]
    chosen = known.choices.chosen(name, epochs, halves, known.labels, known.predicted)
    if chosen is None:
        return None
    right = {epoch: known.answers[epoch] == known.labels for epoch in {*chosen, epochs[-1]}}
    lost, won = np.zeros(clusters.images, np.int64), np.zeros(clusters.images, np.int64)
    last = right[epochs[-1]]
    for half, epoch in zip(halves, chosen, strict=True):
        lost += ~half & right[epoch] & ~last
        won += ~half & last & ~right[epoch]
    return _of_halves(lost, won, clusters)


def _halves(clusters: "Clusters") -> "list[NDArray[np.bool_]]":
    """Return both halves of each division of the images, whole groups in one."""
    import numpy as np

    found = []
    for split in range(SPLITS):
        of_groups = np.random.default_rng(split).permutation(clusters.count) % 2 == 0
        for half in (of_groups, ~of_groups):
            if half.any() and not half.all():
                found.append(half[clusters.place])
    return found


def _of_halves(lost: "NDArray[np.int64]", won: "NDArray[np.int64]", clusters: "Clusters") -> EpochLoss:
    """Return the mean loss of all divisions, of images that each was lost and won so often."""
    from engine.analysis.comparison.paired import LEAST_GROUPS, change_p

    whole = round(int(lost.sum()) / SPLITS), round(int(won.sum()) / SPLITS)
    if clusters.are_images or clusters.count < LEAST_GROUPS:
        return EpochLoss(*whole, mid_p(*whole), by_groups=False, images=len(lost), by_halves=True)
    change = lost - won
    p = _one_sided(change_p(change, clusters)[0], int(change.sum()))
    return EpochLoss(*whole, p, by_groups=True, images=len(lost), by_halves=True)


def mid_p(lost: int, won: int) -> float:
    """Return the one-sided mid-p of McNemar's test: how likely it is that of so many images that differ so many more
    are lost."""
    import numpy as np

    from engine.analysis.comparison.sign_flip import sign_flip_p

    return _one_sided(sign_flip_p(np.repeat([1, -1], [lost, won])), lost - won)


def _one_sided(p: float, loss: int) -> float:
    """Return the p of a loss from that of a difference either way."""
    return p / 2 if loss > 0 else 1 - p / 2


def normal_p(errors: float) -> float:
    """Return the one-sided p of a difference in standard errors."""
    return math.erfc(errors / math.sqrt(2)) / 2
