"""Users that edits belong to, so that each undoes only their own."""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"


def upgrade() -> None:
    op.add_column("edit", sa.Column("user_name", sa.String(), nullable=False, server_default=""))


def downgrade() -> None:
    op.drop_column("edit", "user_name")
