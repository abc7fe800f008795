"""Column for the activity of a run before its first step."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    op.add_column("run", sa.Column("doing", sa.String(), nullable=False, server_default=""))


def downgrade() -> None:
    op.drop_column("run", "doing")
