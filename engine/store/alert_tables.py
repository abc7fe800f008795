"""Tables of alerts: where they go, and each event that was to be told."""

from datetime import datetime

from sqlalchemy import BigInteger, Column, Index, Integer, UniqueConstraint
from sqlmodel import Field

from engine.store.tables import Table
from engine.store.utc import UtcDateTime, utc_now


class AlertChannel(Table, table=True):
    """Address that alerts go to, with what it is told of."""

    __tablename__ = "alert_channel"
    __table_args__ = (UniqueConstraint("digest", "sweep", "user_name"), {"sqlite_autoincrement": True})

    id: int | None = Field(default=None, primary_key=True)
    created_at: datetime = Field(
        default_factory=utc_now, sa_column=Column("created_at", UtcDateTime, nullable=False)
    )
    user_name: str = ""
    """User whose runs it is told of, where the run table is on a server; empty in a file: all runs."""
    sweep: str = ""
    """Sweep that it is told of; empty: all runs."""
    url: str = ""
    """Secret address; empty where only workers that were started with it know it."""
    digest: str
    """Digest of the address, by which workers that were started with the same one know it."""
    shown: str
    """Address without its secrets."""
    kinds: str
    """Kinds of events that it is told of, separated by commas."""
    changed: int = Field(
        default=0, sa_column=Column(BigInteger().with_variant(Integer, "sqlite"), nullable=False)
    )
    """Change number up to which the runs were looked at."""
    not_before_s: float = 0.0
    """Time of the next message at the earliest, in seconds since 1970 by the database's clock, as below."""
    claim: str = ""
    """Worker that is sending a message, and until when nobody else does."""
    claim_until_s: float = 0.0
    tries: int = 0
    """Failed tries since the latest message that arrived."""
    problem: str = ""
    """Reason of the latest failure, without secrets; empty after a success."""
    sent_at: datetime | None = Field(default=None, sa_column=Column("sent_at", UtcDateTime, nullable=True))
    """Time of the latest message that arrived."""


class Alert(Table, table=True):
    """Event, once for each address however many channels lead to it."""

    __table_args__ = (Index("ix_alert_channel_id", "channel_id", "state"), Index("ix_alert_run_id", "run_id"))

    digest: str = Field(primary_key=True)
    key: str = Field(primary_key=True)
    """Name of the event, such as `done:7:1` for run 7 in its first attempt."""
    channel_id: int = Field(foreign_key="alert_channel.id", ondelete="CASCADE")
    run_id: int | None = Field(default=None, foreign_key="run.id", ondelete="CASCADE")
    kind: str
    at: datetime = Field(sa_column=Column("at", UtcDateTime, nullable=False))
    place: str
    """Host and sweep, as a title begins."""
    what: str
    """Run and event, as a title goes on."""
    body: str
    """Further lines; empty once they were sent."""
    state: str = "due"
    """due, sent, or dropped: too old by the time that the address could be reached."""
    claim: str = ""
    """Message that it is in, as in its channel."""
    offered: int = 0
    """Messages that it was in: more than one where a try failed, or where it is not known whether it did."""
