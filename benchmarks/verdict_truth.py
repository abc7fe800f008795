"""True kind of a run, from images it never saw: see `verdict_rates` for the definitions."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

KINDS = ("diverged", "collapsed", "overfitting", "underfitting", "healthy")
SHUFFLES = 999
NO_INFORMATION_P = 0.01
ONE_CLASS_SHARE = 0.95
NLL_RISE = 0.05
STANDARD_ERRORS = 2.0
ACCURACY_GAP = 0.15
BALANCED_GAIN = 0.08


@dataclass(frozen=True)
class Looked:
    """Network's answers on some images, image by image."""

    labels: NDArray[np.int64]
    answers: NDArray[np.int64]
    nll: NDArray[np.float64]

    def balanced_accuracy(self) -> float:
        right = self.answers == self.labels
        return float(np.mean([right[self.labels == label].mean() for label in np.unique(self.labels)]))

    def favourite_share(self) -> float:
        return float(np.bincount(self.answers).max() / len(self.answers))

    def weights(self, like: NDArray[np.int64]) -> NDArray[np.float64]:
        """Weights that give these images the class shares of `like`; they add up to 1."""
        classes = int(max(self.labels.max(), like.max())) + 1
        wanted = np.bincount(like, minlength=classes) / len(like)
        here = np.bincount(self.labels, minlength=classes)
        each: NDArray[np.float64] = (wanted / np.maximum(here, 1))[self.labels]
        each /= each.sum()
        return each


def information_p(looked: Looked, seed: int = 0) -> float:
    """p of the permutation test whether the answers depend on the labels (chi-square statistic)."""
    rng = np.random.default_rng(seed)
    labels = looked.labels

    def statistic(answers: NDArray[np.int64]) -> float:
        table = np.zeros((labels.max() + 1, answers.max() + 1))
        np.add.at(table, (labels, answers), 1)
        expected = np.outer(table.sum(1), table.sum(0)) / len(labels)
        return float(((table - expected) ** 2 / np.where(expected > 0, expected, 1)).sum())

    observed = statistic(looked.answers)
    beaten = sum(statistic(rng.permutation(looked.answers)) >= observed - 1e-9 for _ in range(SHUFFLES))
    return (beaten + 1) / (SHUFFLES + 1)


def measured_truth(
    looks: Sequence[Looked],
    again: Looked,
    *,
    test_labels: NDArray[np.int64],
    diverged: bool,
    go_on: Callable[[], Iterable[Looked]],
) -> dict[str, Any]:
    """Return the numbers that `truth_of` judges: `looks` after each epoch, `again` the training images at the end."""
    broken = diverged or not looks or not np.isfinite(looks[-1].nll).all()
    if broken:
        return {"diverged": True}
    end = looks[-1]
    weights = end.weights(test_labels)
    totals = [float((look.nll * weights).sum()) for look in looks]
    best = looks[int(np.nanargmin(totals))]
    difference = (end.nll - best.nll) * weights * len(weights)
    truth: dict[str, Any] = {
        "diverged": False,
        "favourite_share": end.favourite_share(),
        "information_p": information_p(end),
        "fresh_nll": totals,
        "nll_rise": float(difference.mean()),
        "nll_rise_se": float(difference.std(ddof=1) / np.sqrt(len(difference))),
        "fresh_acc": float(((end.answers == end.labels) * weights).sum()),
        "train_acc": float((again.answers == again.labels).mean()),
        "train_baseline": float(np.bincount(again.labels).max() / len(again.labels)),
        "balanced_acc": end.balanced_accuracy(),
    }
    truth["later_balanced_acc"] = later = []
    if not (is_collapsed(truth) or is_overfitting(truth) or is_underfitting(truth)):
        for look in go_on():
            later.append(look.balanced_accuracy())
            if is_underfitting(truth):
                break
    return truth


def carries_nothing(truth: dict[str, Any]) -> bool:
    return bool(truth["information_p"] >= NO_INFORMATION_P)


def is_collapsed(truth: dict[str, Any]) -> bool:
    return bool(truth["favourite_share"] >= ONE_CLASS_SHARE) and carries_nothing(truth)


def is_overfitting(truth: dict[str, Any]) -> bool:
    rise, error = truth["nll_rise"], truth["nll_rise_se"]
    worse = rise > max(NLL_RISE, STANDARD_ERRORS * error)
    return bool(worse and truth["train_acc"] - truth["fresh_acc"] > ACCURACY_GAP)


def is_underfitting(truth: dict[str, Any]) -> bool:
    gain = max(truth["later_balanced_acc"], default=0.0) - truth["balanced_acc"]
    untaught = truth["train_acc"] - truth["train_baseline"] <= ACCURACY_GAP
    return bool(gain > BALANCED_GAIN or (carries_nothing(truth) and untaught))


def truth_of(record: dict[str, Any]) -> str:
    """Return the first of the kinds that holds."""
    truth = record["truth"]
    if truth["diverged"]:
        return "diverged"
    rules = (("collapsed", is_collapsed), ("overfitting", is_overfitting), ("underfitting", is_underfitting))
    return next((kind for kind, holds in rules if holds(truth)), "healthy")
