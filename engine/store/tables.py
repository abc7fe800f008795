"""Tables of runs, workers and edits. Times are UTC; leases are seconds since 1970 by the database's clock."""

from datetime import datetime
from typing import Any

from pydantic import ConfigDict
from sqlalchemy import JSON, BigInteger, Column, Index, Integer, String, text
from sqlmodel import Field, SQLModel

from engine.store.status import Cause, LinkKind, Request, Status
from engine.store.utc import UtcDateTime, utc_now

POSITION_GAP = 2**20


def _time(*, nullable: bool = True) -> Any:
    return Column(UtcDateTime, nullable=nullable)


def _wide() -> Any:
    """Integer of 64 bits, which any column of SQLite is."""
    return Column(BigInteger().with_variant(Integer, "sqlite"), nullable=False)


class Table(SQLModel):
    """Rows are not validated: pydantic's schemas, which take longest to build of all this, are never needed."""

    model_config = ConfigDict(defer_build=True)  # type: ignore[assignment]


class Clock(Table, table=True):
    """One row: the number of SQLite's latest write to a run, and whether the queue is paused."""

    id: int = Field(primary_key=True)
    changed: int = 0
    queue_paused: bool = Field(default=False, sa_column_kwargs={"server_default": text("false")})
    """Then no run is claimed; running ones go on."""
    program_version: str = ""
    """The newest program that has migrated this database."""
    moved_to: str = Field(default="", sa_column_kwargs={"server_default": ""})
    """Database that all was copied to and that is in use since; empty where this one is in use."""


class Run(Table, table=True):
    """One training experiment."""

    # On PostgreSQL the migrations make the first two partial too; saying so here would load its dialect everywhere.
    __table_args__ = (
        Index(
            "ix_run_queue",
            text("priority DESC"),
            "position",
            sqlite_where=text("status = 'queued'"),
        ),
        Index(
            "ix_run_running",
            "worker_id",
            sqlite_where=text("status = 'running'"),
        ),
        Index("ix_run_changed", "changed"),
        Index("ix_run_sweep", "sweep"),
        Index("ix_run_spec_hash", "spec_hash"),
        Index("ix_run_group_key", "group_key"),
        Index("ix_run_memory_peak", "memory_key", "memory_place", "peak_memory_gb"),
        {"sqlite_autoincrement": True},
    )

    id: int | None = Field(default=None, primary_key=True)
    changed: int = Field(default=0, sa_column=_wide())
    """Number of the newest transaction that wrote what a reader shows."""
    status: Status = Field(default="queued", sa_type=String)
    request: Request | None = Field(default=None, sa_type=String)
    """Request of a user to a running run."""
    cause: Cause | None = Field(default=None, sa_type=String)
    error: str | None = None
    suggestion: str | None = None

    user_name: str = Field(default="", sa_column_kwargs={"server_default": ""})
    """User who added it; empty for runs of earlier versions."""
    name: str = ""
    note: str = ""
    tags: list[str] = Field(default_factory=list, sa_column=Column(JSON, nullable=False))
    sweep: str = ""
    priority: int = 0
    position: int = Field(default=0, sa_column=_wide())
    blocked: int = 0
    """Unfinished runs that this one waits for."""

    spec: str
    spec_hash: str
    group_key: str = Field(default="", sa_column_kwargs={"server_default": ""})
    """Hash of the settings that the runs of one group share: all but those of `spec.run_spec.VARIED`."""
    memory_key: str = Field(default="", sa_column_kwargs={"server_default": ""})
    """Hash of the settings that decide how much memory of a card it takes (`RunSpec.memory_digest`)."""
    data: str
    arch: str
    pretrained: str
    lr: float
    epochs: int
    batch_size: int
    seed: int
    image_size: int = Field(default=0, sa_column_kwargs={"server_default": text("0")})
    precision: str = Field(default="auto", sa_column_kwargs={"server_default": "auto"})
    passes: int = Field(default=1, sa_column_kwargs={"server_default": text("1")})
    """Number of times that an epoch shows each training image."""
    needs_card: bool = Field(default=False, sa_column_kwargs={"server_default": text("false")})
    """Only a worker with a graphics card takes it."""
    gpus: int = Field(default=1, sa_column_kwargs={"server_default": text("1")})
    """Cards that a worker must have to take it, unless it trains on the CPU."""
    needs_memory_gb: float = Field(default=0.0, sa_column_kwargs={"server_default": text("0")})
    """Least memory of the card of a worker that takes it, GiB; of its host and tag below. See `needs`."""
    needs_host: str = Field(default="", sa_column_kwargs={"server_default": ""})
    needs_tag: str = Field(default="", sa_column_kwargs={"server_default": ""})

    trains_alone: bool = Field(default=False, sa_column_kwargs={"server_default": text("false")})
    """It ran out of memory beside other runs: no other trains on the card of its next attempts."""
    attempt: int = 0
    failures: int = 0
    max_attempts: int = 3
    worker_id: int | None = Field(default=None, foreign_key="worker.id", ondelete="SET NULL")
    lease_expires_s: float | None = None

    doing: str = Field(default="", sa_column_kwargs={"server_default": ""})
    """Activity of a running run before its first step, such as packing images, and its progress."""
    epoch: int = 0
    """Epochs completed."""
    step: int = 0
    steps_per_epoch: int = 0
    baseline: float | None = None
    best_epoch: int | None = None
    best: float | None = None
    """The selected metric at the best epoch."""
    best_acc: float | None = None
    best_balanced_acc: float | None = None
    best_kappa: float | None = None
    last_acc: float | None = None
    best_metrics: dict[str, Any] | None = Field(default=None, sa_column=Column(JSON(none_as_null=True)))
    """The defined numbers of the best epoch, by the keys of their metrics; null where there is none."""
    last_metrics: dict[str, Any] | None = Field(default=None, sa_column=Column(JSON(none_as_null=True)))
    """Those of the newest epoch."""
    verdict: str | None = None
    verdict_evidence: str | None = None
    verdict_ruled_out: str | None = None
    verdict_suggestion: str | None = None
    verdict_change: dict[str, Any] | None = Field(default=None, sa_column=Column(JSON, nullable=True))
    """Fields of a spec to set in a clone."""
    findings: list[dict[str, Any]] | None = Field(default=None, sa_column=Column(JSON(none_as_null=True)))
    """Findings about the run, the gravest first (`analysis.finding`); null where nothing judged it yet."""
    headline: str | None = None
    """Headline of the gravest finding, for lists that do not read them all; null where findings is."""
    severity: str | None = None
    """Severity of the gravest finding; empty where there is none."""
    images_per_s: float | None = None
    training_counts: dict[str, float] | None = Field(default=None, sa_column=Column(JSON(none_as_null=True)))
    """Images, seconds and data_wait_s of the epoch under way in its attempt; its worker's samples are differences."""
    peak_memory_gb: float | None = None
    """The most that its training has reserved on the card, or on the CPU held of the host's memory, GiB."""
    memory_place: str = Field(default="", sa_column_kwargs={"server_default": ""})
    """Card that `peak_memory_gb` is of, as `card_memory.memory_place` writes it; empty until the run has trained and
    evaluated on one with all its weights and its whole micro-batch."""
    class_names: list[str] = Field(default_factory=list, sa_column=Column(JSON, nullable=False))
    is_ordered: bool | None = None
    """Whether its classes are grades, as its epochs were measured; null before its first start."""
    ordered_why: str = Field(default="", sa_column_kwargs={"server_default": ""})
    """The reason, as the data gave it; empty for runs from before it was noted."""
    environment: dict[str, Any] = Field(default_factory=dict, sa_column=Column(JSON, nullable=False))
    leak: dict[str, Any] | None = Field(default=None, sa_column=Column(JSON(none_as_null=True)))
    """Val and test images that the first weights were trained on; null where nobody knows."""

    created_at: datetime = Field(default_factory=utc_now, sa_column=_time(nullable=False))
    started_at: datetime | None = Field(default=None, sa_column=_time())
    ended_at: datetime | None = Field(default=None, sa_column=_time())


class RunDependency(Table, table=True):
    """`run_id` waits for `after_id`."""

    __tablename__ = "run_dependency"

    run_id: int = Field(primary_key=True, foreign_key="run.id", ondelete="CASCADE")
    after_id: int = Field(primary_key=True, foreign_key="run.id", ondelete="CASCADE", index=True)
    kind: LinkKind = Field(default="ok", sa_type=String, sa_column_kwargs={"server_default": "ok"})
    """ok: until it is done; any: until it has ended, however; source: as ok, for this run starts from its weights."""


class Edit(Table, table=True):
    """One edit of the queue: what `undo` takes back. Only the newest are kept."""

    __table_args__ = ({"sqlite_autoincrement": True},)

    id: int | None = Field(default=None, primary_key=True)
    at: datetime = Field(default_factory=utc_now, sa_column=_time(nullable=False))
    verb: str
    text: str
    """One line for people: what was done."""
    changes: list[dict[str, Any]] = Field(default_factory=list, sa_column=Column(JSON, nullable=False))
    """One a run: `id` (0: the queue itself) with the touched columns `before` and `after`; or `added`; or `final`,
    why it cannot be taken back."""
    user_name: str = Field(default="", sa_column_kwargs={"server_default": ""})
    """User who made it, where the run table is on a server; empty in a file, and for edits of earlier versions."""


class Worker(Table, table=True):
    """Process that claims runs and supervises their training."""

    __table_args__ = ({"sqlite_autoincrement": True},)

    id: int | None = Field(default=None, primary_key=True)
    host: str
    host_id: str = Field(default="", sa_column_kwargs={"server_default": ""})
    """As `processes.host_id` gives it; empty for workers of earlier versions."""
    pid: int
    pid_started: str
    """Start of the process, as the system counts it: tells a reused pid apart."""
    device: str
    device_name: str = ""
    device_uuid: str | None = None
    """UUID of the card that `device` is: CUDA_VISIBLE_DEVICES gives one card several names."""
    user_name: str = Field(default="", sa_column_kwargs={"server_default": ""})
    cards: int = Field(default=1, sa_column_kwargs={"server_default": text("1")})
    """Cards of the worker; `device` and `device_uuid` then name them all, separated by commas. 1 on the CPU."""
    memory_gb: float | None = None
    """Memory of the card, GiB; null on the CPU, or where the driver does not report it."""
    memory_place: str = Field(default="", sa_column_kwargs={"server_default": ""})
    """The card, as `Run.memory_place` names it; empty on the CPU and for several cards."""
    slots: int = Field(default=1, sa_column_kwargs={"server_default": text("1")})
    """Workers that may share its card, itself included."""
    tags: str = Field(default="", sa_column_kwargs={"server_default": ""})
    """Tags that it was started with, each between commas."""
    state: str = "idle"
    """idle, running, gone, `waits` and why no run is claimed though some are queued, or one of `status.ASKED`."""
    seen_s: float = 0.0
    """The latest sign of life, by the database's clock."""
    telemetry: dict[str, Any] = Field(default_factory=dict, sa_column=Column(JSON, nullable=False))
    started_at: datetime = Field(default_factory=utc_now, sa_column=_time(nullable=False))


__all__ = [
    "Clock",
    "Edit",
    "Run",
    "RunDependency",
    "Worker",
]
