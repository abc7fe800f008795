"""Room for PostgreSQL's transaction numbers, which runs have as change numbers there."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.alter_column("run", "changed", type_=sa.BigInteger(), existing_type=sa.Integer())


def downgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute("UPDATE run SET changed = 0")
        op.alter_column("run", "changed", type_=sa.Integer(), existing_type=sa.BigInteger())
