"""Columns of a run in a list of many, read without the rest: ten thousand whole rows take a second."""

import json
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from itertools import repeat
from typing import Any, NamedTuple

from sqlalchemy import Select, String, func, select, type_coerce
from sqlmodel import Session

from engine.spec.run_spec import settings_of
from engine.store.chosen import NOTHING, Chosen
from engine.store.schema import IS_RUNNING, QUEUE_ORDER, run_table
from engine.store.status import ENDED, Cause, Request, Status


class Listed(NamedTuple):
    """Run's columns that all lists show, and those that were chosen."""

    id: int
    status: Status
    request: Request | None
    cause: Cause | None
    error: str | None
    name: str
    note: str
    tags: tuple[str, ...]
    sweep: str
    user_name: str
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
    started_at: datetime | None
    """First start, which a resumed run keeps."""
    attempt: int
    ended_at: datetime | None
    group_key: str
    chosen: Mapping[str, float | str]
    """Metrics of the best epoch and settings, by key: those that were asked for and are defined."""


_RUN = run_table.c
_COLUMNS = tuple(name for name in Listed._fields if name != "chosen")
_TAGS = _COLUMNS.index("tags")
_TEXTS = tuple(
    map(
        _COLUMNS.index,
        (
            *("status", "request", "cause", "error", "name", "note", "sweep", "user_name", "data", "arch"),
            *("pretrained", "doing", "verdict", "headline", "severity", "group_key"),
        ),
    )
)
"""Places of the columns that many runs have the same texts in."""
NO_VALUES: Mapping[str, float | str] = {}
READ_AT_ONCE = 250


def changed_runs(
    session: Session, after: int, chosen: Chosen = NOTHING, *, ended: bool = True
) -> Iterator[Listed]:
    """Yield the runs written after the change `after` (-1: all), with the `chosen` columns; without `ended` only those
    that have not ended."""
    statement = _listed(chosen)
    statement = statement.where(_RUN.changed > after) if after >= 0 else statement
    return _read(session, statement if ended else statement.where(_RUN.status.not_in(ENDED)), chosen)


def first_runs(session: Session, chosen: Chosen, *, waiting: int, ended: int) -> Iterator[Listed]:
    """Yield the running runs, the first `waiting` of those that wait, in the queue's order, and the newest `ended`."""
    listed = _listed(chosen)
    first = listed.where(_RUN.status.in_(["queued", "paused"])).order_by(*QUEUE_ORDER).limit(waiting)
    newest = listed.where(_RUN.status.in_(ENDED)).order_by(_RUN.id.desc()).limit(ended)
    for some in (listed.where(IS_RUNNING), first, newest):
        yield from _read(session, some, chosen)


def newest_runs(
    session: Session, chosen: Chosen, *, before: int | None, most: int | None
) -> Iterator[Listed]:
    """Yield the newest `most` runs with ids below `before`; None: all."""
    listed = _listed(chosen).order_by(_RUN.id.desc()).limit(most)
    return _read(session, listed if before is None else listed.where(_RUN.id < before), chosen)


def count_by_status(session: Session) -> dict[str, int]:
    rows = session.execute(select(_RUN.status, func.count()).group_by(_RUN.status))
    return {status: count for status, count in rows}


def _listed(chosen: Chosen) -> Select[Any]:
    # Most runs have no tags: a JSON parser asked ten thousand times costs more than the reading.
    columns = [type_coerce(_RUN.tags, String) if name == "tags" else _RUN[name] for name in _COLUMNS]
    specs = [_RUN.spec] if chosen.settings else []
    return select(*columns, *specs, *(_RUN.best_metrics[key].as_float() for key in chosen.metrics))


def _read(session: Session, statement: Select[Any], chosen: Chosen) -> Iterator[Listed]:
    """Yield the rows of a statement. Equal texts are one object: most runs of many say what others say, and each text
    takes 60 bytes and more."""
    texts: dict[Any, Any] = {}
    for part in session.execute(statement).partitions(READ_AT_ONCE):
        values: list[Iterable[Any]] = list(zip(*part, strict=True))
        for place in _TEXTS:
            values[place] = map(texts.setdefault, values[place], values[place])
        values[_TAGS] = map(_tags, values[_TAGS])
        own, more = values[: len(_COLUMNS)], values[len(_COLUMNS) :]
        found = _found(chosen, list(more)) if more else repeat(NO_VALUES)
        yield from map(Listed._make, zip(*own, found, strict=False))


def _found(chosen: Chosen, columns: list[Iterable[Any]]) -> Iterator[dict[str, float | str]]:
    """Yield the chosen values of each run: the settings of its spec, and the metrics that are defined."""
    if chosen.settings:
        specs, *measured = columns
        settings: Iterable[dict[str, float | str]] = [settings_of(spec, chosen.settings) for spec in specs]
    else:
        settings, measured = repeat({}), columns
    if not measured:
        yield from map(dict, settings)
        return
    for told, values in zip(settings, zip(*measured, strict=True), strict=False):
        defined = {key: value for key, value in zip(chosen.metrics, values, strict=True) if value is not None}
        yield {**told, **defined}


def _tags(stored: object) -> tuple[str, ...]:
    if isinstance(stored, str):
        return () if stored == "[]" else tuple(json.loads(stored))
    return tuple(stored) if isinstance(stored, list) else ()  # a driver that parses it itself


def count_runs(session: Session) -> int:
    return int(session.execute(select(func.count()).select_from(run_table)).scalar_one())
