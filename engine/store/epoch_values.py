"""Convert an epoch's values to a row of the store and back: each in its own column, or in the JSON column `more`."""

import functools
from typing import Any

from engine.metrics.catalogue import keys, numbers
from engine.metrics.metric import EpochValues, Value
from engine.store.claims import Claim
from engine.store.measurement_tables import EpochMetrics


def row_of(held: Claim, measured: EpochValues) -> EpochMetrics:
    """Make the row of an epoch; undefined values are null."""
    stored: dict[str, Any] = {
        key: list(value) if isinstance(value, tuple) else value for key, value in measured.values.items()
    }
    columns = {key: value for key, value in stored.items() if key in EpochMetrics.model_fields}
    more = {key: value for key, value in stored.items() if key not in columns and value is not None}
    return EpochMetrics(
        run_id=held.run_id, epoch=measured.epoch, attempt=held.attempt, **columns, more=more or None
    )


def values_of_row(row: EpochMetrics) -> EpochValues:
    """Return the value of every declared metric; None if undefined or not measured by an older version."""
    columns, others = _places(keys())
    more = row.more or {}
    found: dict[str, Any] = {key: getattr(row, key) for key in columns}
    found |= {key: more.get(key) for key in others}
    return EpochValues(row.epoch, {key: _value(value) for key, value in found.items()})


@functools.lru_cache(maxsize=2)
def _places(declared: tuple[str, ...]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the keys of metrics that have a column, and of those that are in `more`."""
    columns = tuple(key for key in EpochMetrics.model_fields if key in declared)
    return columns, tuple(key for key in declared if key not in columns)


def defined_numbers(row: EpochMetrics) -> dict[str, float]:
    """Return the defined scalar metrics by key, as a run's row keeps them of its best and last epoch."""
    values = values_of_row(row)
    found = {each.key: values.number(each.key) for each in numbers()}
    return {key: value for key, value in found.items() if value is not None}


def _value(stored: Any) -> Value:
    return tuple(stored) if isinstance(stored, list) else stored
