"""Read the runs of a report from the store, once."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from sqlmodel import Session

from engine.analysis.study import ReportError, Study, StudyRun, by_data, highest_of, with_differences
from engine.analysis.test_sets import all_same, digest_of
from engine.files.paths import Home
from engine.metrics.curves.split_curves import SplitCurves
from engine.queries.image_groups import GroupReader
from engine.queries.judged import read_findings
from engine.queries.run_curves import Scorer
from engine.short_names import short_names
from engine.spec.grid import load_spec
from engine.store import history, listing
from engine.store.attempt_times import read_time_line
from engine.store.database import Store
from engine.store.epoch_values import values_of_row
from engine.store.run_environment import RunEnvironment
from engine.store.tables import Run


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
    study = Study(sweep or "", with_differences(runs))
    if not runs:
        what = f"the sweep {sweep!r}" if sweep is not None else "the run table"
        raise ReportError(f"{what} has no runs: resnet-tui ls shows what there is")
    if not study.measured:
        raise ReportError("no run has completed an epoch yet: report again once one has")
    return study


def with_test_digests(study: Study, home: Home) -> Study:
    """Add the digest of each run's test images, as its predictions name them, on data sets whose runs are not known to
    have one test set without: a file of predictions takes milliseconds to read."""
    unclear = {
        name for name, runs in by_data(study.measured).items() if not all_same(run.test_set for run in runs)
    }
    runs = (
        replace(run, test_digest=_test_digest(run, home)) if run.data in unclear else run
        for run in study.runs
    )
    return replace(study, runs=tuple(runs))


def _test_digest(run: StudyRun, home: Home) -> str:
    from engine.files.epoch_predictions import NoPredictions, read_test_images

    try:
        return digest_of(*read_test_images(home.run(run.id), run.class_names))
    except NoPredictions:
        return ""


def with_scores(study: Study, home: Home, groups: GroupReader) -> Study:
    """Add the curves of each run's best epoch on its test images; none where its files were not kept."""
    return replace(study, runs=tuple(replace(run, scores=_scores(run, home, groups)) for run in study.runs))


def _scores(run: StudyRun, home: Home, groups: GroupReader) -> SplitCurves | None:
    names, is_ordered = run.class_names, bool(run.is_ordered)
    scorer = Scorer(home, run.id, run.spec, names, is_ordered, groups, run.status, run.epoch)
    found = scorer.curves(run.kept.epoch if run.kept is not None else None, last=False)
    return None if isinstance(found, str) else found.test


def _source_data(session: Session, row: Run) -> str | None:
    source_run = load_spec(row.spec, row.id).source_run
    source = session.get(Run, source_run) if source_run is not None else None
    return source.data if source else None


def _read_run(
    session: Session, row: Run, waits_for: Iterable[int], names: Mapping[str, str], source_data: str | None
) -> StudyRun:
    assert row.id is not None
    spec = load_spec(row.spec, row.id)
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
        environment=RunEnvironment(row.environment).as_text(),
        findings=read_findings(session, row),
        kept=kept,
        epochs=epochs,
        matrix=history.confusion_of(session, row.id, best.epoch) if best else None,
        leak=row.leak,
        is_ordered=row.is_ordered,
        ordered_why=row.ordered_why,
        peak_memory_gb=row.peak_memory_gb,
        started_at=row.started_at,
        ended_at=row.ended_at,
        time_line=read_time_line(session, row.id),
    )
