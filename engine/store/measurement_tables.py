"""Tables of what a run measures while it trains: epochs, confusion matrices, losses, times."""

from typing import Any

from sqlalchemy import JSON, Column, LargeBinary
from sqlmodel import Field

from engine.store.tables import Table


class EpochMetrics(Table, table=True):
    """Measurements of one epoch; epoch 0 is before the first step. Undefined values are null."""

    __tablename__ = "epoch_metrics"

    run_id: int = Field(primary_key=True, foreign_key="run.id", ondelete="CASCADE")
    epoch: int = Field(primary_key=True)
    attempt: int
    train_loss: float | None = None
    train_acc: float | None = None
    """Running average over the epoch: on augmented batches, by the network as it changes."""
    test_loss: float | None = None
    test_nll: float | None = None
    test_acc: float | None = None
    balanced_acc: float | None = None
    macro_f1: float | None = None
    kappa: float | None = None
    auc_referable: float | None = None
    sensitivity_referable: float | None = None
    """Of the predictions, as is its specificity; referable is a grade of 2 or more."""
    specificity_referable: float | None = None
    sensitivity_referable_at_93: float | None = None
    """Of a threshold on the scores whose specificity is at least 93 %."""
    sensitivity_referable_at_98: float | None = None
    ece: float | None = None
    test_acc_seen_group: float | None = None
    """Of the test images with a group member in train."""
    test_acc_unseen_group: float | None = None
    images_seen_group: int | None = None
    images_unseen_group: int | None = None
    val_acc: float | None = None
    val_balanced_acc: float | None = None
    val_kappa: float | None = None
    val_nll: float | None = None
    eval_train_acc: float | None = None
    """Of the train images in evaluation mode, not augmented: of the last epoch, where the spec asks for it."""
    eval_train_balanced_acc: float | None = None
    eval_train_kappa: float | None = None
    eval_train_nll: float | None = None
    recall: list[float | None] = Field(default_factory=list, sa_column=Column(JSON, nullable=False))
    precision: list[float | None] | None = Field(default=None, sa_column=Column(JSON(none_as_null=True)))
    f1: list[float | None] | None = Field(default=None, sa_column=Column(JSON(none_as_null=True)))
    answers: list[int] = Field(default_factory=list, sa_column=Column(JSON, nullable=False))
    """Test images predicted as each class."""
    images_per_s: float | None = None
    data_wait_share: float | None = None
    lr: float | None = None
    grad_norm: float | None = None
    """Of the last layer's weight, mean over the epoch's steps."""
    grad_norm_first: float | None = None
    """Of conv1's weight."""
    max_logit: float | None = None
    nonfinite_share: float | None = None
    seconds: float | None = None
    runs_at_once: int | None = None
    """Runs on its card, or on the processor of its host, when it ended, itself included; null where it was alone."""
    more: dict[str, Any] | None = Field(default=None, sa_column=Column(JSON(none_as_null=True)))
    """Values of the declared metrics (engine/metrics/catalogue.py) that have no column here, by key."""


class EpochConfusion(Table, table=True):
    """Confusion matrix of an epoch, in a table of its own so that no list query reads it."""

    __tablename__ = "epoch_confusion"

    run_id: int = Field(primary_key=True, foreign_key="run.id", ondelete="CASCADE")
    epoch: int = Field(primary_key=True)
    classes: int
    counts: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    """Classes × classes unsigned 32-bit little-endian integers, row = true class, zlib-compressed."""


class AttemptTimes(Table, table=True):
    """Seconds of an attempt by phase, as of its latest record; in a table of its own so that no list query reads it."""

    __tablename__ = "attempt_times"

    run_id: int = Field(primary_key=True, foreign_key="run.id", ondelete="CASCADE")
    attempt: int = Field(primary_key=True)
    seconds: dict[str, float] = Field(default_factory=dict, sa_column=Column(JSON, nullable=False))
    """By the keys of `time_line.Phase`."""


class AttemptSystem(Table, table=True):
    """Use of the device and the host over the whole length of an attempt, as its worker sampled it; in a table of its
    own so that no list query reads it."""

    __tablename__ = "attempt_system"

    run_id: int = Field(primary_key=True, foreign_key="run.id", ondelete="CASCADE")
    attempt: int = Field(primary_key=True)
    seconds: float
    """Length of the attempt when this was written: another one tells a reader that there is more."""
    packed: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    """A `system_history.Series`, as its `packed` gives it."""


class WorkerHour(Table, table=True):
    """Use of a worker's device and host in its last hour."""

    __tablename__ = "worker_hour"

    worker_id: int = Field(primary_key=True, foreign_key="worker.id", ondelete="CASCADE")
    seen_s: float
    """Time of writing, by the database's clock."""
    packed: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    """A `system_history.Series`, as its `packed` gives it."""


class LossPoint(Table, table=True):
    """Training loss of `width` consecutive steps."""

    __tablename__ = "loss_point"

    run_id: int = Field(primary_key=True, foreign_key="run.id", ondelete="CASCADE")
    bucket: int = Field(primary_key=True)
    width: int
    minimum: float
    maximum: float
    mean: float
    last: float
