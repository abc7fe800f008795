"""Sides of a comparison: a run or a group of runs, with its predictions of test images."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from engine.analysis.test_sets import TestSet, digest_of


@dataclass(frozen=True)
class RunPredictions:
    """Predictions of a run for its test images."""

    run_id: int
    epoch: int
    """Epoch that is compared."""
    names: tuple[str, ...]
    labels: NDArray[np.int64]
    by_epoch: NDArray[np.int64]
    """Predicted classes of all trained epochs whose predictions were kept (epochs × N), to estimate optimism from."""
    answers: NDArray[np.int64]
    """Predicted classes at `epoch`."""
    select_on: str
    chosen_on_test: bool
    """Whether the epoch was chosen among several on these images."""
    test_over_train: float = 0.0
    """Test images over training images, where the split was drawn."""
    kappa: float | None = None
    """Quadratic kappa that was measured at `epoch`; None where classes have no order."""

    @property
    def correct(self) -> NDArray[np.bool_]:
        return np.asarray(self.answers == self.labels)

    @cached_property
    def test_set(self) -> TestSet:
        return TestSet(digest_of(self.names, self.labels.tolist()))


Layout: TypeAlias = Literal["same images", "folds", "splits"]


@dataclass(frozen=True)
class About:
    """Recipe and runs of a side, beside those that it counts; empty where the caller says it elsewhere."""

    recipe: str = ""
    """Its network, first weights and the settings in which the sides differ: `resnet18, scratch; lr 0.01`."""
    network: str = ""
    weights: str = ""
    """Source of its first weights."""
    settings: dict[str, str] = field(default_factory=dict)
    """Settings in which the sides differ, beside network and first weights, with its values."""
    epoch_chosen: str = ""
    """Choice of the epoch of each run: `by val_acc`, `the last`."""
    not_done: dict[str, str] = field(default_factory=dict)
    """Status of each run that is not done, by its number: of a group they do not count."""
    baselines: dict[str, float] = field(default_factory=dict)
    """Accuracy of always predicting the most frequent class, of each counted run by its number."""
    finding: str = ""
    """Headline of the gravest error or warning of the counted runs."""
    finding_severity: str = ""
    finding_runs: tuple[int, ...] = ()
    """Counted runs that have it."""


@dataclass(frozen=True)
class Side:
    """One side of a comparison."""

    name: str
    """`#12`, or `group of #12`."""
    runs: tuple[RunPredictions, ...]
    groups: Mapping[str, str] | None = None
    """Group of each image by name; None where each is its own."""
    rule: str = ""
    """Rule that the groups come from."""
    group_column: str = ""
    problem: str = ""
    """Reason that it cannot be compared; empty where it can."""
    remarks: tuple[str, ...] = field(default=())
    """Further remarks, such as runs that are not counted."""
    about: About = field(default_factory=About)

    @property
    def is_group(self) -> bool:
        return len(self.runs) > 1

    @property
    def chosen_on_test(self) -> tuple[int, ...]:
        """Runs whose epoch was chosen on test images."""
        return tuple(run.run_id for run in self.runs if run.chosen_on_test)


@dataclass(frozen=True)
class Measured:
    """Predictions of a side, one row for each repetition: a run, or a complete cross-validation."""

    layout: Layout
    names: tuple[str, ...]
    """Test images in the order of their names; empty for splits that differ and overlap."""
    labels: NDArray[np.int64]
    correct: NDArray[np.bool_]
    """Repetitions × images."""

    @cached_property
    def test_set(self) -> TestSet:
        return TestSet(digest_of(self.names, self.labels.tolist()))

    def groups(self, of: Mapping[str, str] | None) -> list[str] | None:
        """Return the group of each image; None where each is its own."""
        if of is None:
            return None
        found = [of.get(name, f"image {name}") for name in self.names]
        return found if len(set(found)) < len(found) else None


def measured(side: Side) -> Measured:
    """Bring a side's predictions into one order of images.

    Runs on the same test images are repetitions. Runs on disjoint test sets are folds: a repetition is one run of each
    fold, and its images those of all. Other test sets are splits, which only `by_split` can compare."""
    sets = by_test_set(side.runs)
    names = [name for each in sets for name in each]
    if len(set(names)) < len(names):
        return Measured("splits", (), np.zeros(0, np.int64), np.zeros((0, 0), bool))
    order = sorted(range(len(names)), key=names.__getitem__)
    repetitions = min(len(runs) for runs in sets.values())
    rows = [
        np.concatenate([_sorted(runs[row]) for runs in sets.values()])[order] for row in range(repetitions)
    ]
    labels = np.concatenate([_labels(runs[0]) for runs in sets.values()])[order]
    layout: Layout = "same images" if len(sets) == 1 else "folds"
    return Measured(layout, tuple(names[place] for place in order), labels, np.stack(rows))


def whole_repetitions(side: Side) -> Side:
    """Leave out the runs of a cross-validation that is not whole, and say so: fold 1 may have more runs than fold 2."""
    sets = by_test_set(side.runs)
    if len(sets) < 2 or len({name for names in sets for name in names}) < sum(map(len, sets)):
        return side
    whole = min(map(len, sets.values()))
    out = {run.run_id for runs in sets.values() for run in runs[whole:]}
    if not out:
        return side
    named = ", ".join(f"#{run}" for run in sorted(out))
    remark = f"not counted: {named}, of a cross-validation that lacks other folds"
    return replace(
        side,
        runs=tuple(run for run in side.runs if run.run_id not in out),
        remarks=(*side.remarks, remark),
    )


def by_test_set(runs: Sequence[RunPredictions]) -> dict[tuple[str, ...], list[RunPredictions]]:
    """Return the runs of each test set, by its images' names in order."""
    found: dict[tuple[str, ...], list[RunPredictions]] = defaultdict(list)
    for run in runs:
        found[tuple(sorted(run.names))].append(run)
    return found


def _sorted(run: RunPredictions) -> NDArray[np.bool_]:
    return run.correct[_order(run)]


def _labels(run: RunPredictions) -> NDArray[np.int64]:
    return run.labels[_order(run)]


def _order(run: RunPredictions) -> list[int]:
    return sorted(range(len(run.names)), key=run.names.__getitem__)
