"""Runs as the run table's views get them, without a database."""

from collections.abc import Callable, Collection, Mapping
from datetime import UTC, datetime, timedelta

from engine.analysis.groups import Group, Member, group_runs
from engine.queries.waiting import Waiting
from engine.spec.grid import make_spec
from engine.store.overview import Listed
from engine.store.tables import Run
from tui.run_row import RunRow

NOW = datetime(2026, 1, 2, 12, 0, tzinfo=UTC)


def run(run_id: int, status: str = "queued", **values: object) -> Run:
    spec = make_spec({"data": "digits", "epochs": 10})
    mirrored = spec.model_dump(include={"data", "arch", "pretrained", "lr", "epochs", "batch_size", "seed"})
    row = Run(id=run_id, status=status, spec=spec.to_json(), spec_hash="x", steps_per_epoch=4, **mirrored)
    for name, value in values.items():
        setattr(row, name, value)
    return row


def listed(
    run_id: int, status: str = "queued", chosen: dict[str, float | str] | None = None, **values: object
) -> Listed:
    """A run as the list of all runs reads it."""
    row = run(run_id, status, **values)
    columns = {name: getattr(row, name) for name in Listed._fields if name != "chosen"}
    return Listed(**columns | {"tags": tuple(row.tags)}, chosen=chosen or {})


def wait(reason: str | None, *, starts: int | None = None, ends: int | None = None) -> Waiting:
    """Times in seconds from NOW."""
    times = [
        None if seconds is None else (NOW + timedelta(seconds=seconds),) * 3 for seconds in (starts, ends)
    ]
    return Waiting(reason, *times)


def groups_in(rows: Mapping[int, RunRow]) -> Callable[[Collection[str]], list[Group]]:
    """Return a reader of the groups that the store would have."""

    def read(keys: Collection[str]) -> list[Group]:
        members = [
            Member(
                row.id,
                row.group,
                row.status,
                str(row.id),
                row.seed,
                best={"test_acc": row.best, "kappa": row.kappa},
            )
            for row in rows.values()
            if row.group in keys
        ]
        return group_runs(members, dict.fromkeys(keys, "{}"))

    return read
