"""Runs of a report, read from the store once and frozen."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlmodel import Session

from engine.metrics.metric import EpochValues
from engine.short_names import short_names
from engine.spec.grid import load_spec
from engine.spec.run_spec import FIELDS, RunSpec
from engine.store import history, listing
from engine.store.database import Store
from engine.store.epoch_values import values_of_row
from engine.store.history import Matrix
from engine.store.tables import Run


class ReportError(ValueError):
    """Report that cannot be written; its text is one line that says what to do."""


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
    verdict: str | None
    evidence: str | None
    ruled_out: str | None
    verdict_suggestion: str | None
    kept: EpochValues | None
    """Epoch chosen by the run's own `select_on`, whose weights are kept."""
    epochs: tuple[EpochValues, ...]
    matrix: Matrix | None
    """Confusion matrix of the best epoch."""
    leak: dict[str, Any] | None
    """Val and test images that its initial weights were trained on; None where that is unknown."""
    unlike: tuple[str, ...] = ()
    """Settings in which it differs from the study's other runs of its data, arch and initial weights."""

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


def collect(store: Store, *, run_ids: Sequence[int] | None, sweep: str | None) -> Study:
    """Read the given runs, those of a sweep, or all where neither is given.

    Raises QueueError for a run that does not exist, ReportError where there is nothing to report."""
    if run_ids and sweep is not None:
        raise ReportError("give run numbers or a sweep, not both")
    with store.read() as session:
        if run_ids:
            rows = [listing.get_run(session, run_id) for run_id in sorted(set(run_ids))]
        else:
            rows = listing.list_runs(session, sweep=sweep)
        waits = listing.unmet(session)
        sources = {row.id: _source_data(session, row) for row in rows}
        names = short_names([*(row.data for row in rows), *filter(None, sources.values())])
        runs = tuple(
            _read_run(session, row, waits.get(row.id or 0, ()), names, sources[row.id]) for row in rows
        )
    study = Study(sweep or "", _with_differences(runs))
    if not runs:
        what = f"the sweep {sweep!r}" if sweep is not None else "the run table"
        raise ReportError(f"{what} has no runs: resnet-tui ls shows what there is")
    if not study.measured:
        raise ReportError("no run has completed an epoch yet: report again once one has")
    return study


IN_COLUMNS = ("epochs", "select_on")
"""Settings that have columns of their own in a report's tables."""


def _with_differences(runs: Sequence[StudyRun]) -> tuple[StudyRun, ...]:
    alike: dict[tuple[str, str, str], list[StudyRun]] = {}
    for run in runs:
        alike.setdefault((run.data, run.spec.arch, run.spec.pretrained), []).append(run)
    unlike = {
        key: tuple(
            field
            for field in FIELDS
            if field not in IN_COLUMNS and len({getattr(run.spec, field) for run in group}) > 1
        )
        for key, group in alike.items()
    }
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


def _source_data(session: Session, row: Run) -> str | None:
    source_run = load_spec(row.spec).source_run
    source = session.get(Run, source_run) if source_run is not None else None
    return source.data if source else None


def _read_run(
    session: Session, row: Run, waits_for: Iterable[int], names: Mapping[str, str], source_data: str | None
) -> StudyRun:
    assert row.id is not None
    spec = load_spec(row.spec)
    epochs = tuple(values_of_row(each) for each in history.epochs_of(session, row.id))
    kept = next((each for each in epochs if each.epoch == row.best_epoch), None)
    best = kept or highest_of(epochs, spec)
    return StudyRun(
        id=row.id,
        name=row.name,
        spec=spec,
        data=names[row.data],
        source_data=names[source_data] if source_data else None,
        status=row.status,
        cause=row.cause,
        error=row.error,
        suggestion=row.suggestion,
        waits_for=tuple(sorted(waits_for)),
        epoch=row.epoch,
        baseline=row.baseline,
        class_names=tuple(row.class_names),
        environment=_environment(row.environment),
        verdict=row.verdict,
        evidence=row.verdict_evidence,
        ruled_out=row.verdict_ruled_out,
        verdict_suggestion=row.verdict_suggestion,
        kept=kept,
        epochs=epochs,
        matrix=history.confusion_of(session, row.id, best.epoch) if best else None,
        leak=row.leak,
    )


def _environment(recorded: dict[str, Any]) -> dict[str, str]:
    """Return the environment of a run as text; a value that changed also with the later ones and their attempts."""
    found = {
        key: str(value) for key, value in sorted(recorded.items()) if isinstance(value, str | int | float)
    }
    for change in recorded.get("changes", ()):
        since = f"from attempt {change['attempt']}"
        for key in sorted(change.keys() - {"attempt"}):
            found[key] = f"{found.get(key, 'unknown')}, {since} {change[key]}"
    return found
