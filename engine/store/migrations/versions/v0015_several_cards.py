"""Cards that a run needs, and cards of a worker."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"


def upgrade() -> None:
    for table, name in (("run", "gpus"), ("worker", "cards")):
        op.add_column(table, sa.Column(name, sa.Integer(), nullable=False, server_default=sa.text("1")))


def downgrade() -> None:
    op.drop_column("worker", "cards")
    op.drop_column("run", "gpus")
