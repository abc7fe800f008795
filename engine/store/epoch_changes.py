"""Epochs and losses of a run for a reader who has some of them: whether these are still as they were."""

from collections.abc import Sequence
from typing import NamedTuple

from sqlalchemy import case, func, select
from sqlmodel import Session

from engine.store.measurement_tables import EpochMetrics
from engine.store.schema import epoch_table, loss_table, run_table


class EpochsMark(NamedTuple):
    """Number of a run's epochs up to one, and the sum of their attempts: an epoch that is measured again has a later
    attempt, and the epochs of a run follow each other."""

    epochs: int = 0
    attempts: int = 0


def mark_of(epochs: Sequence[EpochMetrics]) -> EpochsMark:
    return EpochsMark(len(epochs), sum(row.attempt for row in epochs))


def read_marks(session: Session, run_id: int, through: int) -> tuple[EpochsMark, EpochsMark]:
    """Return the marks of the epochs up to `through`, and of all."""
    epoch = epoch_table.c
    known = epoch.epoch <= through
    counts = select(
        func.coalesce(func.sum(case((known, 1), else_=0)), 0),
        func.coalesce(func.sum(case((known, epoch.attempt), else_=0)), 0),
        func.count(),
        func.coalesce(func.sum(epoch.attempt), 0),
    ).where(epoch.run_id == run_id)
    some, some_attempts, every, every_attempts = session.execute(counts).one()
    return EpochsMark(some, some_attempts), EpochsMark(every, every_attempts)


class LossesMark(NamedTuple):
    """Attempt of a run, and the number of its loss buckets before one: an attempt writes its buckets in their order,
    and the last one until it is full."""

    attempt: int
    buckets: int


def read_losses_mark(session: Session, run_id: int, before_bucket: int) -> LossesMark:
    run, points = run_table.c, loss_table.c
    earlier = select(func.count()).where(points.run_id == run_id, points.bucket < before_bucket)
    row = session.execute(select(run.attempt, earlier.scalar_subquery()).where(run.id == run_id)).first()
    return LossesMark(*row) if row is not None else LossesMark(0, 0)
