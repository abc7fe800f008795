"""Needs of runs; what tells a worker's host apart, its card's memory and its tags."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"

TEXTS = (("run", "needs_host"), ("run", "needs_tag"), ("worker", "host_id"), ("worker", "tags"))


def upgrade() -> None:
    for table, name in TEXTS:
        op.add_column(table, sa.Column(name, sa.String(), nullable=False, server_default=""))
    op.add_column(
        "run", sa.Column("needs_memory_gb", sa.Float(), nullable=False, server_default=sa.text("0"))
    )
    op.add_column("worker", sa.Column("memory_gb", sa.Float(), nullable=True))


def downgrade() -> None:
    for table, name in (*TEXTS, ("run", "needs_memory_gb"), ("worker", "memory_gb")):
        op.drop_column(table, name)
