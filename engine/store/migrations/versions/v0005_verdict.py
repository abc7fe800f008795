"""Columns for the causes that a verdict rules out, and the change of settings that it suggests."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    op.add_column("run", sa.Column("verdict_ruled_out", sa.String(), nullable=True))
    op.add_column("run", sa.Column("verdict_change", sa.JSON(), nullable=True))


def downgrade() -> None:
    op.drop_column("run", "verdict_change")
    op.drop_column("run", "verdict_ruled_out")
