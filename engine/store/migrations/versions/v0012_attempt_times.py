"""Seconds of each attempt by phase."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    op.create_table(
        "attempt_times",
        sa.Column("run_id", sa.Integer(), sa.ForeignKey("run.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("attempt", sa.Integer(), primary_key=True),
        sa.Column("seconds", sa.JSON(), nullable=False),
    )


def downgrade() -> None:
    op.drop_table("attempt_times")
