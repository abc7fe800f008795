"""What a list of many runs shows of each, read without the rest: ten thousand whole rows take a second."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, func, select
from sqlmodel import Session

from engine.store.fencing import run_table

COLUMNS = (
    "id", "status", "request", "cause", "error", "name", "note", "tags", "sweep", "priority", "position", "data",
    "arch", "pretrained", "lr", "epochs", "batch_size", "seed", "doing", "epoch", "step", "steps_per_epoch", "best",
    "best_acc", "best_kappa", "verdict", "images_per_s", "worker_id", "ended_at",
)  # fmt: skip


def changed_runs(session: Session, after: int) -> Sequence[Row[Any]]:
    """The COLUMNS of the runs that were written since the change `after`; -1 for all."""
    table = run_table.c
    statement = select(*(table[name] for name in COLUMNS))
    return session.execute(statement.where(table.changed > after) if after >= 0 else statement).all()


def count_runs(session: Session) -> int:
    return int(session.execute(select(func.count()).select_from(run_table)).scalar_one())
