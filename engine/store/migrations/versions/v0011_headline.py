"""Headline and severity of the gravest finding, for lists."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    op.add_column("run", sa.Column("headline", sa.String(), nullable=True))
    op.add_column("run", sa.Column("severity", sa.String(), nullable=True))


def downgrade() -> None:
    op.drop_column("run", "severity")
    op.drop_column("run", "headline")
