"""Use of devices and hosts: of each attempt over its whole length, of each worker in its last hour."""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"


def upgrade() -> None:
    op.add_column("run", sa.Column("training_counts", sa.JSON(), nullable=True))
    op.create_table(
        "attempt_system",
        sa.Column("run_id", sa.Integer(), sa.ForeignKey("run.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("attempt", sa.Integer(), primary_key=True),
        sa.Column("seconds", sa.Float(), nullable=False),
        sa.Column("packed", sa.LargeBinary(), nullable=False),
    )
    op.create_table(
        "worker_hour",
        sa.Column(
            "worker_id", sa.Integer(), sa.ForeignKey("worker.id", ondelete="CASCADE"), primary_key=True
        ),
        sa.Column("seen_s", sa.Float(), nullable=False),
        sa.Column("packed", sa.LargeBinary(), nullable=False),
    )


def downgrade() -> None:
    op.drop_table("worker_hour")
    op.drop_table("attempt_system")
    op.drop_column("run", "training_counts")
