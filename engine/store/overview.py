"""Columns of a run in a list of many, read without the rest: ten thousand whole rows take a second."""

import json
from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import String, func, select, type_coerce
from sqlmodel import Session

from engine.store.schema import run_table
from engine.store.status import Cause, Request, Status


class Listed(NamedTuple):
    """Run's columns that lists show, and metrics."""

    id: int
    status: Status
    request: Request | None
    cause: Cause | None
    error: str | None
    name: str
    note: str
    tags: list[str]
    sweep: str
    priority: int
    position: int
    data: str
    arch: str
    pretrained: str
    lr: float
    epochs: int
    batch_size: int
    seed: int
    doing: str
    epoch: int
    step: int
    steps_per_epoch: int
    best: float | None
    best_acc: float | None
    best_kappa: float | None
    verdict: str | None
    headline: str | None
    severity: str | None
    images_per_s: float | None
    worker_id: int | None
    ended_at: datetime | None
    group_key: str
    metrics: dict[str, float]
    """Of the best epoch, by key: those that were asked for and are defined."""


_COLUMNS = tuple(name for name in Listed._fields if name != "metrics")
_TAGS, _OWN = _COLUMNS.index("tags"), len(_COLUMNS)


def changed_runs(session: Session, after: int, metrics: Sequence[str] = ()) -> list[Listed]:
    """Return the runs written after the change `after` (-1: all), with these metrics of their best epochs."""
    table = run_table.c
    # Most runs have no tags: a JSON parser asked ten thousand times costs more than the reading.
    columns = [type_coerce(table.tags, String) if name == "tags" else table[name] for name in _COLUMNS]
    statement = select(*columns, *(table.best_metrics[key].as_float() for key in metrics))
    found = session.execute(statement.where(table.changed > after) if after >= 0 else statement)
    return [
        Listed._make((*row[:_TAGS], _tags(row[_TAGS]), *row[_TAGS + 1 : _OWN], _defined(metrics, row[_OWN:])))
        for row in found.all()
    ]


def _defined(metrics: Sequence[str], values: Sequence[float | None]) -> dict[str, float]:
    if not metrics:  # as for most users, and ten thousand times
        return {}
    return {key: value for key, value in zip(metrics, values, strict=True) if value is not None}


def _tags(stored: object) -> list[str]:
    if isinstance(stored, str):
        return [] if stored == "[]" else list(json.loads(stored))
    return list(stored) if isinstance(stored, list) else []  # a driver that parses it itself


def count_runs(session: Session) -> int:
    return int(session.execute(select(func.count()).select_from(run_table)).scalar_one())
