"""Seconds of a run's attempts by phase."""

from collections.abc import Mapping

from sqlmodel import Session, col, select

from engine.store.claims import Claim
from engine.store.measurement_tables import AttemptTimes
from engine.store.replace_row import replace_row
from engine.time_line import TimeLine, time_line_of


def record_times(session: Session, held: Claim, seconds: Mapping[str, float] | None) -> None:
    """Replace the times of an attempt, in the transaction of a fenced write; nothing where none are given."""
    if seconds:
        replace_row(session, AttemptTimes(run_id=held.run_id, attempt=held.attempt, seconds=dict(seconds)))


def read_time_line(session: Session, run_id: int) -> TimeLine | None:
    """Return the time line of a run; None where none was kept."""
    mine = select(AttemptTimes.seconds).where(AttemptTimes.run_id == run_id)
    return time_line_of(session.exec(mine.order_by(col(AttemptTimes.attempt))))
