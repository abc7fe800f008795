"""Comparison of two recipes over several random splits of the same data."""

import math
from dataclasses import dataclass

import numpy as np

from engine.analysis.comparison.sides import RunPredictions, Side, by_test_set
from engine.analysis.student import LEVEL, t_quantile, t_test_p

LEAST_SPLITS = 3


@dataclass(frozen=True)
class SplitTest:
    """Mean difference in accuracy over splits that both recipes were trained and tested on."""

    splits: int
    first: float
    second: float
    low: float
    high: float
    p: float

    @property
    def difference(self) -> float:
        return self.first - self.second

    @property
    def is_told_apart(self) -> bool:
        return self.p < LEVEL


def split_test(first: Side, second: Side) -> SplitTest | None:
    """Test two recipes by the corrected resampled t test; None with fewer than three common test sets.

    Training sets of different splits overlap, so the variance between splits is taken 1/J + n_test/n_train times, not
    1/J times, and never less than by the images alone (C. Nadeau, Y. Bengio, Inference for the generalization error,
    Machine Learning 52 (2003) 239-281). Runs of one split are averaged first."""
    one, other = by_test_set(first.runs), by_test_set(second.runs)
    common = [names for names in one if names in other and _are_same(one[names][0], other[names][0])]
    if len(common) < LEAST_SPLITS:
        return None
    accuracies = np.array([[_mean(one[names]), _mean(other[names])] for names in common])
    differences = accuracies[:, 0] - accuracies[:, 1]
    overlap = max(run.test_over_train for run in (*first.runs, *second.runs))
    least = float(np.mean([_least_variance(one[names][0], other[names][0]) for names in common]))
    error = math.sqrt((1 / len(common) + overlap) * max(float(differences.var(ddof=1)), least))
    mean = float(differences.mean())
    reach = t_quantile(len(common) - 1) * error
    p = t_test_p(mean, error, len(common) - 1) if error else float(not mean)
    means = accuracies.mean(axis=0)
    return SplitTest(len(common), float(means[0]), float(means[1]), mean - reach, mean + reach, p)


def _are_same(one: RunPredictions, other: RunPredictions) -> bool:
    """Return whether the images of a split have the same labels on both sides."""
    return one.test_set.is_same(other.test_set) is True


def _least_variance(one: RunPredictions, other: RunPredictions) -> float:
    """Return the variance of a split's difference by its images alone: few splits may be alike by chance."""
    accuracy = float(one.correct.mean()), float(other.correct.mean())
    shared = set(zip(one.names, one.correct.tolist(), strict=True)) & set(
        zip(other.names, other.correct.tolist(), strict=True)
    )
    return max((1 - len(shared) / len(one.names)) - (accuracy[0] - accuracy[1]) ** 2, 0.0) / len(one.names)


def _mean(runs: list[RunPredictions]) -> float:
    return float(np.mean([run.correct.mean() for run in runs]))
