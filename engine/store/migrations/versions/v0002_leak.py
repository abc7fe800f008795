"""What a run's first weights know of its val and test images."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    with op.batch_alter_table("run") as table:
        table.add_column(sa.Column("leak", sa.JSON(), nullable=True))
