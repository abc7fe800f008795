"""Best epoch of a run from its row, as a report has it."""

from sqlmodel import Session

from engine.analysis.study import highest_of
from engine.spec.grid import load_spec
from engine.store import history
from engine.store.epoch_values import values_of_row
from engine.store.measurement_tables import EpochMetrics
from engine.store.tables import Run


def test_accuracy_of(session: Session, run: Run, epoch: int | None) -> float | None:
    """Return the test accuracy that was measured in an epoch; None where there is none."""
    measured = session.get(EpochMetrics, (run.id, epoch)) if epoch is not None else None
    return measured.test_acc if measured is not None else None


def kappa_of(session: Session, run: Run, epoch: int | None) -> float | None:
    """Return the quadratic kappa of an epoch; None where the classes have no order or the epoch was not measured."""
    measured = session.get(EpochMetrics, (run.id, epoch)) if epoch is not None else None
    return measured.kappa if measured is not None else None


def best_epoch_of(session: Session, run: Run) -> tuple[int | None, str]:
    """Return a run's best epoch and the metric that chose it, as `StudyRun.best` and `chosen_by`.

    Where its `select_on` is undefined in every epoch, that is the one of highest test accuracy; None where none is
    measured."""
    spec = load_spec(run.spec, run.id)
    if run.best_epoch is not None:
        return run.best_epoch, spec.select_on
    highest = highest_of(map(values_of_row, history.epochs_of(session, run.id or 0)), spec)
    return (highest.epoch if highest else None), "test_acc"
