"""Column for the val and test images that a run's first weights know."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    op.add_column("run", sa.Column("leak", sa.JSON(), nullable=True))


def downgrade() -> None:
    op.drop_column("run", "leak")
