"""Measurements of runs: epochs, confusion matrices and losses, written by the attempt that holds the run."""

import sys
import zlib
from array import array
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, NamedTuple

from sqlalchemy import delete, insert
from sqlmodel import Session, col, select

from engine.store.activity import Activity, doing_text
from engine.store.attempt_times import record_times
from engine.store.claims import Claim, write_fenced, write_fenced_one
from engine.store.clock import next_change, this_change
from engine.store.database import Store
from engine.store.dependencies import recount, some_of
from engine.store.epoch_values import defined_numbers
from engine.store.judgement import Judgement as Judgement
from engine.store.measurement_tables import EpochConfusion, EpochMetrics, LossPoint
from engine.store.memory_peaks import Peak, peak_columns
from engine.store.replace_row import replace_row
from engine.store.schema import loss_table

Matrix = list[list[int]]
"""Counts, row = true class, column = predicted class."""


@dataclass(frozen=True)
class Start:
    """Point that an attempt resumes from; whatever was recorded after it is replaced."""

    epoch: int
    """Epochs that its checkpoint holds; -1 for none, so that epoch 0 is measured anew."""
    bucket: int
    """The first loss bucket that it will write."""
    best: "Best | None"
    """The best epoch that its checkpoint knows."""
    steps_per_epoch: int
    baseline: float
    class_names: list[str]
    environment: dict[str, Any]
    is_ordered: bool | None = None
    """Whether the classes are grades; None where that is not known."""
    ordered_why: str = ""
    leak: dict[str, Any] | None = None
    """Val and test images that the first weights know, where that is known; noted at the first start."""
    open_bucket: "Losses | None" = None
    """The losses of `bucket` that its checkpoint holds; None where it holds none."""


@dataclass(frozen=True)
class Best:
    """Best epoch so far; `best` is the value of the metric that selects it."""

    best_epoch: int
    best: float
    best_acc: float
    best_balanced_acc: float | None
    best_kappa: float | None


def begin_attempt(store: Store, held: Claim, start: Start) -> None:
    """Drop what lies past the attempt's checkpoint and note what it trains with. Raises LeaseLost."""
    run_id = held.run_id
    with store.write() as session:
        changed = next_change(session)
        best_epoch = start.best.best_epoch if start.best else None
        write_fenced(
            session,
            held,
            changed=changed,
            doing="",
            epoch=max(start.epoch, 0),
            step=max(start.epoch, 0) * start.steps_per_epoch,
            steps_per_epoch=start.steps_per_epoch,
            baseline=start.baseline,
            class_names=start.class_names,
            is_ordered=start.is_ordered,
            ordered_why=start.ordered_why,
            environment=start.environment,
            best_metrics=_numbers_at(session, run_id, best_epoch),
            last_metrics=_numbers_at(session, run_id, start.epoch),
            **_best_columns(session, run_id, start.best),
            **({"leak": start.leak} if start.epoch < 0 else {}),
        )
        for table in (EpochMetrics, EpochConfusion):
            session.execute(delete(table).where(col(table.run_id) == run_id, col(table.epoch) > start.epoch))
        later = delete(LossPoint).where(
            col(LossPoint.run_id) == run_id, col(LossPoint.bucket) >= start.bucket
        )
        session.execute(later)
        if start.open_bucket is not None:
            # An attempt whose checkpoint holds all steps takes no other that would write it again.
            session.execute(insert(LossPoint), [{"run_id": run_id, **start.open_bucket._asdict()}])
        recount(session, [run_id], changed)  # back at epoch 0 it would read its source's weights again


def record_epoch(
    store: Store,
    held: Claim,
    metrics: EpochMetrics,
    confusion: Sequence[Sequence[int]],
    *,
    best: Best | None,
    judgement: Judgement | None,
    peak: Peak | None = None,
    times: Mapping[str, float] | None = None,
) -> None:
    """Write an epoch's numbers, replacing the same epoch's from an earlier attempt, the memory's peak so far and the
    seconds of the attempt by phase. Raises LeaseLost."""
    numbers = defined_numbers(metrics)
    with store.write_rows() as session:
        write_fenced(
            session,
            held,
            changed=this_change(session),
            epoch=metrics.epoch,
            last_acc=metrics.test_acc,
            last_metrics=numbers,
            **_best_metrics(best, metrics.epoch, numbers),
            images_per_s=metrics.images_per_s,
            **peak_columns(peak),
            **({"blocked": 0} if metrics.epoch else {}),  # it goes on from its own checkpoint from now on
            **_best_columns(session, held.run_id, best, measured=metrics.epoch),
            **_columns(Judgement, judgement),
        )
        replace_row(session, metrics)
        packed = EpochConfusion(
            run_id=held.run_id, epoch=metrics.epoch, classes=len(confusion), counts=pack_matrix(confusion)
        )
        replace_row(session, packed)
        record_times(session, held, times)


def _best_metrics(best: Best | None, epoch: int, numbers: dict[str, float]) -> dict[str, Any]:
    """Return the run's column to write if this epoch is the best one."""
    if best is None:
        return {"best_metrics": None}
    return {"best_metrics": numbers} if best.best_epoch == epoch else {}


def _numbers_at(session: Session, run_id: int, epoch: int | None) -> dict[str, float] | None:
    row = session.get(EpochMetrics, (run_id, epoch)) if epoch is not None else None
    return defined_numbers(row) if row is not None else None


def _best_columns(
    session: Session, run_id: int, best: Best | None, *, measured: int | None = None
) -> dict[str, Any]:
    """Return a run's columns for its best epoch; `measured` is an epoch that has no row yet, or an older one.

    The kappa of an earlier epoch is that of its row: the checkpoint does not know of classes that were said to be in
    order since."""
    columns = _columns(Best, best)
    if best is not None and best.best_epoch != measured:
        row = session.get(EpochMetrics, (run_id, best.best_epoch))
        columns |= {"best_kappa": row.kappa} if row is not None else {}
    return columns


def _columns(kind: type[Best] | type[Judgement], value: Best | Judgement | None) -> dict[str, Any]:
    """Return a run's columns for the best epoch or the judgement; null if there is none."""
    return asdict(value) if value else dict.fromkeys(kind.__dataclass_fields__)


def record_doing(store: Store, held: Claim, activity: Activity, line: str) -> None:
    """Write what a run does before its first step. Raises LeaseLost."""
    write_fenced_one(store, held, doing=doing_text(activity, line))


class Losses(NamedTuple):
    """Loss curve's bucket: the losses of `width` consecutive steps."""

    bucket: int
    width: int
    minimum: float
    maximum: float
    mean: float
    last: float


def record_progress(
    store: Store,
    held: Claim,
    *,
    step: int,
    images_per_s: float | None,
    losses: Sequence[Losses],
    counts: Mapping[str, float] | None = None,
) -> None:
    """Write the training step and the epoch's counts, and replace the last loss buckets by `losses`. Raises LeaseLost.

    All buckets are written together, because the GPU waits meanwhile: one by one took as long as several steps."""
    with store.write_rows() as session:
        now = {"step": step, "images_per_s": images_per_s, "training_counts": counts}
        write_fenced(session, held, changed=this_change(session), **now)
        if losses:
            moved = col(LossPoint.bucket) >= min(point.bucket for point in losses)
            session.execute(delete(LossPoint).where(col(LossPoint.run_id) == held.run_id, moved))
            rows = [{"run_id": held.run_id, **point._asdict()} for point in losses]
            session.execute(insert(LossPoint), rows)


def record_judgement(store: Store, held: Claim, judgement: Judgement) -> None:
    """Write a judgement that no epoch's end gave. Raises LeaseLost."""
    write_fenced_one(store, held, **_columns(Judgement, judgement))


def record_checkpoint(store: Store, held: Claim, *, times: Mapping[str, float] | None = None) -> None:
    """Reset the count of consecutive failures: a new checkpoint is progress. Raises LeaseLost."""
    with store.write_rows() as session:
        write_fenced(session, held, failures=0)
        record_times(session, held, times)


def epochs_of(session: Session, run_id: int, *, after_epoch: int = -1) -> list[EpochMetrics]:
    """Return a run's epochs after `after_epoch`, in order."""
    mine = select(EpochMetrics).where(EpochMetrics.run_id == run_id, EpochMetrics.epoch > after_epoch)
    return list(session.exec(mine.order_by(col(EpochMetrics.epoch))))


class Accuracies(NamedTuple):
    """Accuracies of a run's epoch; None where undefined."""

    run_id: int
    epoch: int
    train: float | None
    test: float | None


def accuracies_of(session: Session, run_ids: Iterable[int]) -> list[Accuracies]:
    """Return the accuracies of all epochs of several runs, by run and epoch."""
    table = col(EpochMetrics.run_id)
    found: list[Accuracies] = []
    for some in some_of(sorted(run_ids)):
        columns = select(
            EpochMetrics.run_id, EpochMetrics.epoch, EpochMetrics.train_acc, EpochMetrics.test_acc
        )
        rows = session.exec(columns.where(table.in_(some)).order_by(table, col(EpochMetrics.epoch)))
        found += [Accuracies._make(row) for row in rows]
    return found


class PackedMatrix(NamedTuple):
    """Confusion matrix as it is stored."""

    counts: bytes
    classes: int

    def unpacked(self) -> Matrix:
        return unpack_matrix(self.counts, self.classes)


def packed_confusions_of(
    session: Session, run_id: int, *, after_epoch: int = -1, newest_alone: bool = False
) -> dict[int, PackedMatrix]:
    """Return the confusion matrices of the epochs after `after_epoch`, in order, as they are stored."""
    table, epoch = EpochConfusion, col(EpochConfusion.epoch)
    columns = select(table.epoch, table.counts, table.classes).where(
        table.run_id == run_id, epoch > after_epoch
    )
    rows = session.exec(columns.order_by(epoch.desc()).limit(1) if newest_alone else columns.order_by(epoch))
    return {epoch: PackedMatrix(counts, classes) for epoch, counts, classes in rows}


def confusions_of(session: Session, run_id: int) -> dict[int, Matrix]:
    """Return the confusion matrices of all epochs, in order."""
    return {epoch: packed.unpacked() for epoch, packed in packed_confusions_of(session, run_id).items()}


def confusion_of(session: Session, run_id: int, epoch: int) -> Matrix | None:
    row = session.get(EpochConfusion, (run_id, epoch))
    return unpack_matrix(row.counts, row.classes) if row else None


def losses_of(session: Session, run_id: int, *, first_bucket: int = 0) -> list[Losses]:
    """Return a run's loss buckets from one on, in order."""
    points = loss_table.c
    columns = select(*(points[name] for name in Losses._fields))
    columns = columns.where(points.run_id == run_id, points.bucket >= first_bucket)
    return [Losses._make(row) for row in session.execute(columns.order_by(points.bucket)).all()]


def pack_matrix(matrix: Sequence[Sequence[int]]) -> bytes:
    counts = array("I", [count for row in matrix for count in row])
    if sys.byteorder == "big":
        counts.byteswap()
    return zlib.compress(counts.tobytes())


def unpack_matrix(packed: bytes, classes: int) -> Matrix:
    counts = array("I", zlib.decompress(packed))
    if sys.byteorder == "big":
        counts.byteswap()
    return [list(counts[start : start + classes]) for start in range(0, classes * classes, classes)]
