"""Columns of an exported table: those of a run's row, every setting, and every declared metric that is one number."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, TypeAlias

from engine.metrics.catalogue import numbers
from engine.metrics.metric import EpochValues
from engine.spec.run_spec import FIELDS, RunSpec
from engine.store.tables import Run

Kind: TypeAlias = Literal["text", "count", "number", "flag", "time"]
KIND_OF: Mapping[Any, Kind] = {int: "count", float: "number", bool: "flag"}
"""Kind of a setting by its type; all others are text."""


@dataclass(frozen=True)
class Column:
    """Column by its name and the kind of its values, each of which may be None."""

    name: str
    kind: Kind


@dataclass(frozen=True)
class ExportedRun:
    """Run with its settings and all its epochs, in order."""

    row: Run
    spec: RunSpec
    epochs: Sequence[EpochValues]

    @property
    def best(self) -> EpochValues | None:
        """Epoch chosen by `select_on`; None where there is none yet."""
        return next((each for each in self.epochs if each.epoch == self.row.best_epoch), None)

    @property
    def last(self) -> EpochValues | None:
        return self.epochs[-1] if self.epochs else None


@dataclass(frozen=True)
class _RunColumn:
    column: Column
    read: Callable[[ExportedRun], Any]


def _of_row(name: str, kind: Kind) -> _RunColumn:
    return _RunColumn(Column(name, kind), lambda run: getattr(run.row, name))


_ABOUT_RUN = (
    _of_row("id", "count"), _of_row("name", "text"), _of_row("sweep", "text"), _of_row("note", "text"),
    _RunColumn(Column("tags", "text"), lambda run: " ".join(run.row.tags)),
    _of_row("status", "text"), _of_row("cause", "text"), _of_row("group_key", "text"),
    _of_row("created_at", "time"), _of_row("started_at", "time"), _of_row("ended_at", "time"),
    _of_row("epoch", "count"), _of_row("baseline", "number"), _of_row("images_per_s", "number"),
    _of_row("peak_memory_gb", "number"), _of_row("verdict", "text"),
    _RunColumn(
        Column("findings", "text"),
        lambda run: None if run.row.findings is None else " ".join(each["kind"] for each in run.row.findings),
    ),
)  # fmt: skip
"""Columns of a run's row beside its settings and metrics."""
BEST, LAST = "best", "last"


def run_columns() -> tuple[Column, ...]:
    """Return the columns of a table with one row a run."""
    about = tuple(each.column for each in _ABOUT_RUN)
    settings = tuple(Column(name, _kind(name)) for name in FIELDS)
    metrics = tuple(
        column
        for which in (BEST, LAST)
        for column in (
            Column(f"{which}_epoch", "count"),
            *(Column(f"{which}_{each.key}", "number") for each in numbers()),
        )
    )
    return (*about, *settings, *metrics)


def run_values(run: ExportedRun) -> dict[str, Any]:
    """Return a run's values by column; None where there is none."""
    found = {each.column.name: each.read(run) for each in _ABOUT_RUN}
    found |= {name: getattr(run.spec, name) for name in FIELDS}
    for which, epoch in ((BEST, run.best), (LAST, run.last)):
        found[f"{which}_epoch"] = None if epoch is None else epoch.epoch
        for each in numbers():
            found[f"{which}_{each.key}"] = None if epoch is None else epoch.number(each.key)
    return found


def epoch_columns() -> tuple[Column, ...]:
    """Return the columns of a table with one row an epoch: the run's number and name, the epoch, and its metrics."""
    about = (Column("id", "count"), Column("name", "text"), Column("sweep", "text"), Column("epoch", "count"))
    return (*about, *(Column(each.key, "number") for each in numbers()))


def epoch_values(run: ExportedRun) -> list[dict[str, Any]]:
    """Return the values of each epoch of a run by column."""
    about = {"id": run.row.id, "name": run.row.name, "sweep": run.row.sweep}
    return [
        {**about, "epoch": each.epoch, **{found.key: each.number(found.key) for found in numbers()}}
        for each in run.epochs
    ]


def plain_value(value: Any) -> Any:
    """Return a value as JSON has it: times in ISO 8601; None for a number that is not finite; text as `utf8_text`."""
    if isinstance(value, str):
        return utf8_text(value)
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value.isoformat() if isinstance(value, datetime) else value


def utf8_text(text: str) -> str:
    r"""Return text that every format can hold: a byte of a name that is not UTF-8 becomes `\udcff`, six letters."""
    return text.encode(errors="backslashreplace").decode()


def _kind(field: str) -> Kind:
    return KIND_OF.get(RunSpec.model_fields[field].annotation, "text")
