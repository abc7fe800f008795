"""Columns for the card of a worker, and for the part of its memory that a run took."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.add_column("worker", sa.Column("device_uuid", sa.String(), nullable=True))
    op.add_column("run", sa.Column("peak_memory_gb", sa.Float(), nullable=True))


def downgrade() -> None:
    op.drop_column("run", "peak_memory_gb")
    op.drop_column("worker", "device_uuid")
