"""The runs of a report as frozen values."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from engine.spec.run_spec import FIELDS, RunSpec


class ReportError(ValueError):
    """A report that cannot be written; one line that says what to do."""


Matrix = Sequence[Sequence[int]]
"""Counts, row = true class, column = predicted class."""


@dataclass(frozen=True)
class Measured:
    """One epoch's numbers under the store's names; undefined or not measured is None."""

    epoch: int
    train_acc: float | None
    """Measured while training: on augmented batches, by the network as it changes."""
    test_acc: float | None
    balanced_acc: float | None
    kappa: float | None
    test_loss: float | None = None
    test_nll: float | None = None
    macro_f1: float | None = None
    auc_referable: float | None = None
    sensitivity_referable: float | None = None
    specificity_referable: float | None = None
    sensitivity_referable_at_93: float | None = None
    sensitivity_referable_at_98: float | None = None
    ece: float | None = None
    test_acc_seen_group: float | None = None
    test_acc_unseen_group: float | None = None
    images_seen_group: int | None = None
    images_unseen_group: int | None = None
    val_acc: float | None = None
    val_kappa: float | None = None
    eval_train_acc: float | None = None
    recall: tuple[float | None, ...] = ()
    precision: tuple[float | None, ...] = ()
    f1: tuple[float | None, ...] = ()


@dataclass(frozen=True)
class StudyRun:
    """One run with all that a report says of it."""

    id: int
    name: str
    spec: RunSpec
    data: str
    """Its data set, named as shortly as the report's data sets stay apart."""
    source_data: str | None
    """What the run was trained on whose weights this one starts from, named alike."""
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
    verdict: str | None
    evidence: str | None
    ruled_out: str | None
    verdict_suggestion: str | None
    kept: Measured | None
    """The epoch that the run's own `select_on` chose, whose weights are kept."""
    epochs: tuple[Measured, ...]
    matrix: Matrix | None
    """Of the best epoch."""
    leak: dict[str, Any] | None
    """What its first weights know of the val and test images; None where nobody knows."""
    unlike: tuple[str, ...] = ()
    """The settings that tell it from the study's other runs of its data, network and first weights."""

    @property
    def highest(self) -> Measured | None:
        """The epoch with the highest test accuracy, whatever chose the best."""
        return highest_of(self.epochs, self.spec)

    @property
    def best(self) -> Measured | None:
        """The epoch that `select_on` chose; where it could choose none, the one of highest test accuracy."""
        return self.kept or self.highest

    @property
    def chosen_by(self) -> str:
        """What chose `best`."""
        return self.spec.select_on if self.kept else "test_acc"

    @property
    def last(self) -> Measured | None:
        return self.epochs[-1] if self.best else None

    @property
    def done(self) -> bool:
        return self.status == "done"

    @property
    def test_images(self) -> tuple[int, ...] | None:
        """Test images of each class."""
        return tuple(map(sum, self.matrix)) if self.matrix else None

    @property
    def classes(self) -> tuple[str, ...]:
        """A name for each row of the matrix: its number where the data give none."""
        unnamed = range(len(self.class_names), len(self.matrix or ()))
        return self.class_names + tuple(map(str, unnamed))


@dataclass(frozen=True)
class Study:
    """The runs of a report by id, whatever became of them; `sweep` is empty where ids were given."""

    sweep: str
    runs: tuple[StudyRun, ...]

    @property
    def measured(self) -> tuple[StudyRun, ...]:
        return tuple(run for run in self.runs if run.best)


TOLD = ("epochs", "select_on")
"""Settings that a report's tables have columns of."""


def told_apart(runs: Sequence[StudyRun]) -> tuple[StudyRun, ...]:
    """The runs, each with the settings that tell it from others of its data, network and first weights."""
    alike: dict[tuple[str, str, str], list[StudyRun]] = {}
    for run in runs:
        alike.setdefault((run.data, run.spec.arch, run.spec.pretrained), []).append(run)
    unlike = {
        key: tuple(
            field
            for field in FIELDS
            if field not in TOLD and len({getattr(run.spec, field) for run in group}) > 1
        )
        for key, group in alike.items()
    }
    return tuple(replace(run, unlike=unlike[run.data, run.spec.arch, run.spec.pretrained]) for run in runs)


def by_data(runs: Iterable[StudyRun]) -> dict[str, list[StudyRun]]:
    """Runs that may be compared with each other: those on the same data."""
    groups: dict[str, list[StudyRun]] = {}
    for run in runs:
        groups.setdefault(run.data, []).append(run)
    return groups


def highest_of(epochs: Iterable[Measured], spec: RunSpec) -> Measured | None:
    """The epoch with the highest test accuracy, the earlier of equals; epoch 0 only where that is all."""
    trained = [each for each in epochs if each.test_acc is not None and (each.epoch or not spec.epochs)]
    return max(trained, key=lambda each: (each.test_acc or 0.0, -each.epoch), default=None)
