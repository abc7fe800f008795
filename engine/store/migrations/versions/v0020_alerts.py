"""Addresses of alerts, and the events that were told."""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"


def upgrade() -> None:
    op.create_table(
        "alert_channel",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        *(_text(name) for name in ("user_name", "sweep", "url", "digest", "shown", "kinds")),
        sa.Column("changed", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("not_before_s", sa.Float(), nullable=False),
        _text("claim"),
        sa.Column("claim_until_s", sa.Float(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        _text("problem"),
        sa.Column("sent_at", sa.DateTime()),
        sa.UniqueConstraint("digest", "sweep", "user_name"),
        sqlite_autoincrement=True,
    )
    channel, run = (
        sa.ForeignKey("alert_channel.id", ondelete="CASCADE"),
        sa.ForeignKey("run.id", ondelete="CASCADE"),
    )
    op.create_table(
        "alert",
        sa.Column("digest", sa.String(), primary_key=True),
        sa.Column("key", sa.String(), primary_key=True),
        sa.Column("channel_id", sa.Integer(), channel, nullable=False),
        sa.Column("run_id", sa.Integer(), run),
        _text("kind"),
        sa.Column("at", sa.DateTime(), nullable=False),
        *(_text(name) for name in ("place", "what", "body", "state", "claim")),
        sa.Column("offered", sa.Integer(), nullable=False),
    )
    op.create_index("ix_alert_channel_id", "alert", ["channel_id", "state"])
    op.create_index("ix_alert_run_id", "alert", ["run_id"])


def downgrade() -> None:
    op.drop_table("alert")
    op.drop_table("alert_channel")


def _text(name: str) -> "sa.Column[str]":
    return sa.Column(name, sa.String(), nullable=False)
