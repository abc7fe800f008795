"""Runs of a report as frozen values."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from engine.analysis.finding import Finding
from engine.analysis.test_sets import TestSet, test_set
from engine.metrics.curves.split_curves import SplitCurves
from engine.metrics.metric import EpochValues
from engine.problem import UserError
from engine.spec.recipe_words import differing
from engine.spec.run_spec import RunSpec
from engine.time_line import TimeLine


class ReportError(UserError, ValueError):
    """Report that cannot be written; its text is one line that says what to do."""


Matrix = Sequence[Sequence[int]]
"""Counts, row = true class, column = predicted class."""


@dataclass(frozen=True)
class StudyRun:
    """Run with all the values that a report shows."""

    id: int
    name: str
    spec: RunSpec
    data: str
    """Name of its data set, shortened as far as the report's data sets stay distinct."""
    source_data: str | None
    """Data set of the run whose weights this one starts from, named in the same way."""
    status: str
    cause: str | None
    error: str | None
    suggestion: str | None
    waits_for: tuple[int, ...]
    epoch: int
    """Epochs completed."""
    baseline: float | None
    class_names: tuple[str, ...]
    environment: dict[str, str]
    findings: tuple[Finding, ...] | None
    """The gravest first; None where nothing judged it yet."""
    kept: EpochValues | None
    """Epoch chosen by the run's own `select_on`, whose weights are kept."""
    epochs: tuple[EpochValues, ...]
    matrix: Matrix | None
    """Confusion matrix of the best epoch."""
    leak: dict[str, Any] | None
    """Val and test images that its initial weights were trained on; None where that is unknown."""
    is_ordered: bool | None = None
    """Whether its classes are grades; None where that is unknown."""
    ordered_why: str = ""
    """Reason for it; empty where it was not noted."""
    unlike: tuple[str, ...] = ()
    """Settings in which it differs from the study's other runs of its data, arch and initial weights."""
    peak_memory_gb: float | None = None
    started_at: datetime | None = None
    """Newest start."""
    ended_at: datetime | None = None
    time_line: TimeLine | None = None
    """Seconds by phase; None for a run of an earlier version."""
    scores: SplitCurves | None = None
    """Curves of its best epoch on the test images; None where they were not read or not kept."""
    test_digest: str = ""
    """Hash of the names and labels of its test images; empty where its predictions were not read or not kept."""

    @property
    def highest(self) -> EpochValues | None:
        """Epoch with the highest test accuracy, by whatever metric the best was chosen."""
        return highest_of(self.epochs, self.spec)

    @property
    def best(self) -> EpochValues | None:
        """Epoch chosen by `select_on`; where that is undefined, the one of highest test accuracy."""
        return self.kept or self.highest

    @property
    def chosen_by(self) -> str:
        """Metric that chose `best`."""
        return self.spec.select_on if self.kept else "test_acc"

    @property
    def last(self) -> EpochValues | None:
        return self.epochs[-1] if self.best else None

    @property
    def done(self) -> bool:
        return self.status == "done"

    @property
    def test_images(self) -> tuple[int, ...] | None:
        """Test images of each class."""
        return tuple(map(sum, self.matrix)) if self.matrix else None

    @property
    def test_set(self) -> TestSet:
        fingerprint = self.environment.get("data_fingerprint")
        return test_set(self.spec, self.test_images or (), fingerprint, self.test_digest)

    @property
    def classes(self) -> tuple[str, ...]:
        """Names of the matrix's rows; a class without a name goes by its number."""
        unnamed = range(len(self.class_names), len(self.matrix or ()))
        return self.class_names + tuple(map(str, unnamed))


@dataclass(frozen=True)
class Study:
    """Runs of a report by id, whatever their status; `sweep` is empty where ids were given."""

    sweep: str
    runs: tuple[StudyRun, ...]

    @property
    def measured(self) -> tuple[StudyRun, ...]:
        return tuple(run for run in self.runs if run.best)


NO_DIFFERENCE = ("ordered",)
"""Settings that change nothing of the training: a report says what they come to in words."""


def with_differences(runs: Sequence[StudyRun]) -> tuple[StudyRun, ...]:
    """Note for each run the settings in which it differs from others of its data, arch and initial weights."""
    alike: dict[tuple[str, str, str], list[StudyRun]] = {}
    for run in runs:
        alike.setdefault((run.data, run.spec.arch, run.spec.pretrained), []).append(run)
    unlike = {key: differing([run.spec for run in group], NO_DIFFERENCE) for key, group in alike.items()}
    return tuple(replace(run, unlike=unlike[run.data, run.spec.arch, run.spec.pretrained]) for run in runs)


def by_data(runs: Iterable[StudyRun]) -> dict[str, list[StudyRun]]:
    """Group runs by data set: only runs on the same data can be compared."""
    groups: dict[str, list[StudyRun]] = {}
    for run in runs:
        groups.setdefault(run.data, []).append(run)
    return groups


def highest_of(epochs: Iterable[EpochValues], spec: RunSpec) -> EpochValues | None:
    """Return the epoch with the highest test accuracy, the earlier of equals; epoch 0 only of a run of no epochs."""
    trained = [
        each for each in epochs if each.number("test_acc") is not None and (each.epoch or not spec.epochs)
    ]
    return max(trained, key=lambda each: (each.number("test_acc") or 0.0, -each.epoch), default=None)
