"""Database that a run table was moved to."""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"


def upgrade() -> None:
    op.add_column("clock", sa.Column("moved_to", sa.String(), nullable=False, server_default=""))


def downgrade() -> None:
    op.drop_column("clock", "moved_to")
