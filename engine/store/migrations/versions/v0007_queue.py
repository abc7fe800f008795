"""Control of the queue: pausing it, kinds of waiting, what a run needs, and the journal of edits."""

import json

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"

run = sa.table(
    "run",
    sa.column("id", sa.Integer()),
    sa.column("spec", sa.String()),
    sa.column("image_size", sa.Integer()),
    sa.column("precision", sa.String()),
    sa.column("passes", sa.Integer()),
    sa.column("needs_card", sa.Boolean()),
)
PASSES_OF_FLIP4 = 4


def upgrade() -> None:
    no, one = sa.text("false"), sa.text("1")
    op.add_column("clock", sa.Column("queue_paused", sa.Boolean(), nullable=False, server_default=no))
    op.add_column("run_dependency", sa.Column("kind", sa.String(), nullable=False, server_default="ok"))
    op.execute(
        "UPDATE run_dependency SET kind = 'source' WHERE EXISTS (SELECT 1 FROM run WHERE "
        "run.id = run_dependency.run_id AND run.pretrained = 'run:' || CAST(run_dependency.after_id AS VARCHAR))"
    )
    op.add_column("run", sa.Column("image_size", sa.Integer(), nullable=False, server_default=sa.text("0")))
    op.add_column("run", sa.Column("precision", sa.String(), nullable=False, server_default="auto"))
    op.add_column("run", sa.Column("passes", sa.Integer(), nullable=False, server_default=one))
    op.add_column("run", sa.Column("needs_card", sa.Boolean(), nullable=False, server_default=no))
    _mirror()
    if op.get_bind().dialect.name != "sqlite":  # SQLite's integers have 64 bits anyway
        op.alter_column("run", "position", type_=sa.BigInteger())
    running = sa.text("status = 'running'")
    op.create_index("ix_run_running", "run", ["worker_id"], sqlite_where=running, postgresql_where=running)
    op.create_table(
        "edit",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.Column("verb", sa.String(), nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("changes", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sqlite_autoincrement=True,
    )


def _mirror() -> None:
    """Fill the new columns of the runs that are there from their specs."""
    connection = op.get_bind()
    found = []
    for run_id, text in connection.execute(sa.select(run.c.id, run.c.spec)):
        spec = json.loads(text)
        precision = spec.get("precision", "auto")
        found.append(
            {
                "this": run_id,
                "image_size": spec.get("image_size", 0),
                "precision": precision,
                "passes": PASSES_OF_FLIP4 if "flip4" in spec.get("augment", "") else 1,
                "needs_card": precision == "fp16" or bool(spec.get("cuda_graphs", False)),
            }
        )
    if found:
        names = ("image_size", "precision", "passes", "needs_card")
        written = run.update().values({name: sa.bindparam(name) for name in names})
        connection.execute(written.where(run.c.id == sa.bindparam("this")), found)


def downgrade() -> None:
    op.drop_table("edit")
    op.drop_index("ix_run_running", "run")
    for name in ("needs_card", "passes", "precision", "image_size"):
        op.drop_column("run", name)
    op.drop_column("run_dependency", "kind")
    op.drop_column("clock", "queue_paused")
