"""Values of an epoch's row that are defined only where classes are in order: set aside, and brought back.

What an edit sets aside stays in the row under ASIDE, which no reader takes for a metric, so that nothing is lost."""

from collections.abc import Mapping
from typing import Any

from sqlmodel import Session

from engine.metrics.class_order import metrics_of_order
from engine.store.history import epochs_of
from engine.store.measurement_tables import EpochMetrics

ASIDE = "set aside: classes without order"


def set_aside(row: EpochMetrics) -> None:
    """Take the values out of the row's metrics."""
    found = {key: value for key, value in _values(row).items() if value is not None}
    _write(row, dict.fromkeys(found), {**(row.more or {}).get(ASIDE, {}), **found})


def bring_back(row: EpochMetrics, computed: Mapping[str, Any]) -> None:
    """Give the row's metrics the values that were set aside, else those that are computed; what it has stays."""
    aside = (row.more or {}).get(ASIDE, {})
    found = {key: aside.get(key, computed.get(key)) for key, value in _values(row).items() if value is None}
    _write(row, found, {})


def switch(session: Session, run_id: int, *, is_ordered: bool) -> None:
    """Set the values of all epochs aside, or bring them back without computing any."""
    for row in epochs_of(session, run_id):
        if is_ordered:
            bring_back(row, {})
        else:
            set_aside(row)


def _values(row: EpochMetrics) -> dict[str, Any]:
    keys = [each.key for each in metrics_of_order()]
    more = row.more or {}
    return {key: getattr(row, key) if key in EpochMetrics.model_fields else more.get(key) for key in keys}


def _write(row: EpochMetrics, values: Mapping[str, Any], aside: Mapping[str, Any]) -> None:
    more = {key: value for key, value in (row.more or {}).items() if key != ASIDE}
    for key, value in values.items():
        if key in EpochMetrics.model_fields:
            setattr(row, key, value)
        else:
            more[key] = value
    kept = {key: value for key, value in more.items() if value is not None}
    row.more = {**kept, **({ASIDE: dict(aside)} if aside else {})} or None
