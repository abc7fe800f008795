"""Findings about a run as they are shown: as stored, or anew where an older version judged it."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlmodel import Session

from engine.analysis.evidence import evidence_of
from engine.analysis.finding import NO_FINDINGS, OLD_SEVERITY, Finding, change_of
from engine.analysis.findings.judging import judge, make_case
from engine.spec.grid import SpecError, load_spec
from engine.store import history
from engine.store.epoch_values import values_of_row
from engine.store.history import Matrix
from engine.store.measurement_tables import EpochMetrics
from engine.store.tables import Run


def findings_of(
    run: Run, epochs: Sequence[EpochMetrics], matrix: Matrix | None
) -> tuple[Finding, ...] | None:
    """Return a run's findings, the gravest first; None where nothing judged it yet.

    A run that an older version judged is judged by its stored `epochs`, without the class counts of its training
    images and the predictions of each epoch; `matrix` is the confusion matrix of any epoch, for the test images of each
    class. Where that is not possible, or a break in mid-epoch left no row, its old word becomes the finding."""
    if run.findings is not None:
        return tuple(map(Finding.from_json, run.findings))
    if run.verdict is None:
        return None
    anew = _anew(run, epochs, matrix) if run.verdict != "diverged" else None
    return _of_old_word(run) if anew is None else anew


def read_findings(session: Session, run: Run) -> tuple[Finding, ...] | None:
    """Return `findings_of` a run, with what it needs read."""
    if run.findings is not None or run.verdict is None or run.id is None:
        return findings_of(run, (), None)
    epochs = history.epochs_of(session, run.id)
    matrix = history.confusion_of(session, run.id, epochs[-1].epoch) if epochs else None
    return findings_of(run, epochs, matrix)


def suggested_change(session: Session, run: Run) -> Mapping[str, Any]:
    """Return the change of the gravest finding that has one; empty where none has."""
    return change_of(read_findings(session, run) or ())


def _anew(run: Run, epochs: Sequence[EpochMetrics], matrix: Matrix | None) -> tuple[Finding, ...] | None:
    try:
        spec = load_spec(run.spec)
    except SpecError:
        return None
    if matrix is None:
        return None
    labels = tuple(map(sum, matrix))
    history = [evidence_of(values_of_row(row), baseline=run.baseline, labels=labels) for row in epochs]
    over = run.status == "done"
    case = make_case(
        history, spec, ends_here=over, leak=run.leak, best_epoch=run.best_epoch, class_names=run.class_names
    )
    return judge(case) if case is not None else None


def _of_old_word(run: Run) -> tuple[Finding, ...]:
    verdict = run.verdict or ""
    severity = OLD_SEVERITY.get(verdict)
    if severity is None:
        return ()
    return (
        Finding(
            verdict,
            severity,
            verdict,
            run.verdict_evidence or "",
            run.verdict_ruled_out or "",
            run.verdict_suggestion or "",
            change=run.verdict_change or {},
        ),
    )


def document_of(findings: Sequence[Finding] | None) -> Mapping[str, object]:
    """Return the keys of a run's JSON document: all findings, and the gravest one's headline."""
    if findings is None:
        return {"findings": None, "headline": None}
    return {
        "findings": [each.as_json() for each in findings],
        "headline": findings[0].headline if findings else NO_FINDINGS,
    }
