"""Whether a run's classes are grades, which a setting says since; before, all whole numbers were."""

import json

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"

NEEDS_ORDER = ("test_kappa", "val_kappa")
ORDINAL_LOSSES = ("mse-ordinal",)
run = sa.table(
    "run",
    sa.column("id", sa.Integer()),
    sa.column("spec", sa.String()),
    sa.column("is_ordered", sa.Boolean()),
)
epoch = sa.table(
    "epoch_metrics",
    sa.column("run_id", sa.Integer()),
    sa.column("kappa", sa.Float()),
    sa.column("val_kappa", sa.Float()),
)


def upgrade() -> None:
    op.add_column("run", sa.Column("is_ordered", sa.Boolean(), nullable=True))
    op.add_column("run", sa.Column("ordered_why", sa.String(), nullable=False, server_default=""))
    _fill()


def _fill() -> None:
    """Give each run the setting that changes nothing of what it does or shows.

    A run with a kappa has ordered classes, one that was measured without has not. One that never started goes by the
    new rules, unless it was only queued because its classes are in order."""
    connection = op.get_bind()
    measured = set(connection.execute(sa.select(epoch.c.run_id).distinct()).scalars())
    has_kappa = sa.or_(epoch.c.kappa.is_not(None), epoch.c.val_kappa.is_not(None))
    ordered = set(connection.execute(sa.select(epoch.c.run_id).where(has_kappa).distinct()).scalars())
    found = []
    for run_id, text in connection.execute(sa.select(run.c.id, run.c.spec)):
        spec = json.loads(text)
        needs = spec.get("select_on") in NEEDS_ORDER or spec.get("loss") in ORDINAL_LOSSES
        if run_id not in measured and not needs:
            continue
        is_ordered = needs or run_id in ordered
        spec["ordered"] = "on" if is_ordered else "off"
        text = json.dumps(spec, sort_keys=True, separators=(",", ":"))
        found.append({"this": run_id, "text": text, "order": is_ordered if run_id in measured else None})
    if found:
        written = run.update().values(spec=sa.bindparam("text"), is_ordered=sa.bindparam("order"))
        connection.execute(written.where(run.c.id == sa.bindparam("this")), found)


def downgrade() -> None:
    for name in ("ordered_why", "is_ordered"):
        op.drop_column("run", name)
