"""Metrics without a column of their own, and all numbers of a run's best and last epoch on the run."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"

NUMBERS = (
    "train_loss", "train_acc", "test_loss", "test_nll", "test_acc", "balanced_acc", "macro_f1", "kappa",
    "auc_referable", "sensitivity_referable", "specificity_referable", "sensitivity_referable_at_93",
    "sensitivity_referable_at_98", "ece", "test_acc_seen_group", "test_acc_unseen_group", "images_seen_group",
    "images_unseen_group", "val_acc", "val_balanced_acc", "val_kappa", "val_nll", "eval_train_acc",
    "eval_train_balanced_acc", "eval_train_kappa", "eval_train_nll", "images_per_s", "data_wait_share", "lr",
    "grad_norm", "grad_norm_first", "max_logit", "nonfinite_share", "seconds",
)  # fmt: skip
run = sa.table(
    "run",
    sa.column("id", sa.Integer()),
    sa.column("epoch", sa.Integer()),
    sa.column("best_epoch", sa.Integer()),
    sa.column("best_metrics", sa.JSON(none_as_null=True)),
    sa.column("last_metrics", sa.JSON(none_as_null=True)),
)
epoch = sa.table(
    "epoch_metrics",
    sa.column("run_id", sa.Integer()),
    sa.column("epoch", sa.Integer()),
    *(sa.column(name, sa.Float()) for name in NUMBERS),
)


def upgrade() -> None:
    op.add_column("epoch_metrics", sa.Column("more", sa.JSON(), nullable=True))
    for name in ("best_metrics", "last_metrics"):
        op.add_column("run", sa.Column(name, sa.JSON(), nullable=True))
    _fill("best_metrics", run.c.best_epoch)
    _fill("last_metrics", run.c.epoch)


def _fill(column: str, of_epoch: sa.ColumnElement[Any]) -> None:
    """The numbers of that epoch of each run that was measured before."""
    connection = op.get_bind()
    there = sa.and_(epoch.c.run_id == run.c.id, epoch.c.epoch == of_epoch)
    rows = connection.execute(sa.select(run.c.id, *(epoch.c[name] for name in NUMBERS)).join(epoch, there))
    found = [
        {
            "this": row[0],
            "found": {name: value for name, value in zip(NUMBERS, row[1:], strict=True) if value is not None},
        }
        for row in rows
    ]
    if found:
        written = run.update().values({column: sa.bindparam("found", type_=sa.JSON())})
        connection.execute(written.where(run.c.id == sa.bindparam("this")), found)


def downgrade() -> None:
    op.drop_column("epoch_metrics", "more")
    for name in ("last_metrics", "best_metrics"):
        op.drop_column("run", name)
