"""SQL tables behind the models, for statements that read or write columns directly."""

from typing import cast

from sqlalchemy import Table, text
from sqlmodel import SQLModel

from engine.store.alert_tables import Alert, AlertChannel
from engine.store.measurement_tables import AttemptSystem, EpochMetrics, LossPoint, WorkerHour
from engine.store.tables import Clock, Edit, Run, RunDependency, Worker


def table_of(model: type[SQLModel]) -> Table:
    """Return the SQL table behind a model."""
    return cast(Table, model.__table__)  # type: ignore[attr-defined]


run_table, dependency_table, clock_table = table_of(Run), table_of(RunDependency), table_of(Clock)
worker_table, edit_table = table_of(Worker), table_of(Edit)
channel_table, alert_table = table_of(AlertChannel), table_of(Alert)
epoch_table, loss_table = table_of(EpochMetrics), table_of(LossPoint)
system_table, hour_table = table_of(AttemptSystem), table_of(WorkerHour)

# Written out, because only then does a database use the partial indexes over these rows.
IS_QUEUED, IS_RUNNING = text("run.status = 'queued'"), text("run.status = 'running'")

QUEUE_ORDER = (run_table.c.priority.desc(), run_table.c.position, run_table.c.id)
"""Order in which queued runs are claimed."""
