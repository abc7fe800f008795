"""Users that runs and workers belong to."""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"


def upgrade() -> None:
    for table in ("run", "worker"):
        op.add_column(table, sa.Column("user_name", sa.String(), nullable=False, server_default=""))


def downgrade() -> None:
    for table in ("run", "worker"):
        op.drop_column(table, "user_name")
