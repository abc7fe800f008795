"""Throughput of earlier runs, read for forecasts."""

import math
from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, case, func, select
from sqlmodel import Session

from engine.analysis.forecast import Knowledge, QueuedRun
from engine.analysis.paces import Pace, PastRun, Span, duration, images_shown
from engine.spec.stems import STEMS
from engine.store.run_environment import RunEnvironment
from engine.store.schema import epoch_table, run_table

STEM = case(
    *((run_table.c.spec.contains(f'"stem":"{stem}"', autoescape=True), stem) for stem in STEMS),
    else_="imagenet",
).label("stem")
"""A run's stem, read off its canonical JSON: specs from before there were others do not name it."""
IMAGES = func.max(epoch_table.c.images_per_s * epoch_table.c.seconds)
"""Training images of the longest of a run's measured epochs; of one that was stopped, those after it."""
MEASURED_IMAGES = (
    select(IMAGES)
    .where(epoch_table.c.run_id == run_table.c.id, epoch_table.c.epoch > 0)
    .correlate(run_table)
    .scalar_subquery()
    .label("measured_images")
)
EXPRESSIONS: dict[str, ColumnElement[Any]] = {each.name: each for each in (STEM, MEASURED_IMAGES)}
"""Values that are read of a run beside its columns."""
NEWEST = 100
"""Earlier runs that are looked at."""
STEADY = 0.25
"""Runs at once by which the mean over a run's epochs may lie beside their number at its beginning."""
FILES_S = 10.0
"""Longest time that an epoch takes beside training and evaluation: metrics, files, a checkpoint."""


def run_column(name: str) -> ColumnElement[Any]:
    """Return a column of the run table, or one of EXPRESSIONS."""
    return EXPRESSIONS[name] if name in EXPRESSIONS else run_table.c[name]


def past_runs(session: Session, like: QueuedRun | None = None) -> list[PastRun]:
    """Return the newest runs that have measured an epoch, newest first, of those `like` one where it is given; those on
    several cards tell nothing of one."""
    run, epoch = run_table.c, epoch_table.c
    is_alike = (
        (run.arch == like.arch, run.image_size == like.image_size, run.batch_size == like.batch_size)
        if like is not None
        else ()
    )
    newest = (
        select(run.id)
        .where(run.images_per_s.is_not(None), run.gpus == 1, *is_alike)
        .order_by(run.id.desc())
        .limit(NEWEST)
    )
    measured = (
        select(
            run.id, run.arch, run.image_size, run.precision, STEM, run.data, run.passes, run.environment, run.status,
            run.attempt, run.batch_size, run.steps_per_epoch, run.started_at, run.ended_at,
            func.count().label("epochs"),
            func.min(epoch.images_per_s).label("slowest"),
            func.avg(epoch.images_per_s).label("mean"),
            func.max(epoch.images_per_s).label("fastest"),
            func.avg(epoch.runs_at_once).label("at_once"),
            func.avg(func.coalesce(epoch.runs_at_once, 1)).label("shared_by"),
            IMAGES.label(MEASURED_IMAGES.name),
        )
        .join(epoch_table, epoch.run_id == run.id)
        .where(run.id.in_(newest), epoch.epoch > 0, epoch.images_per_s > 0, run.steps_per_epoch > 0)
        .group_by(run.id)
        .order_by(run.id.desc())
    )  # fmt: skip
    rows = session.execute(measured).all()
    longest = longest_s(session, [row.id for row in rows])
    return [past for row in rows if (past := _past_run(row, longest.get(row.id)))]


def longest_s(session: Session, run_ids: Collection[int]) -> dict[int, float]:
    """Return for each run the longest time in seconds that its measured epochs can have taken: training as measured,
    an evaluation that takes no longer for an image than training, and FILES_S. Runs without such epochs are left out.

    A run that took longer has packed images before its first step, which it will not do again. The val images, whose
    number is not recorded, are taken for as many as the test images."""
    epoch = epoch_table.c
    of_runs = select(epoch.run_id, epoch.answers, epoch.val_acc)
    first = of_runs.where(epoch.run_id.in_(run_ids), epoch.epoch == 0)
    tested = {
        row.run_id: sum(row.answers) * (1 if row.val_acc is None else 2) for row in session.execute(first)
    }
    sums = (
        select(
            epoch.run_id, func.count().label("epochs"), func.sum(epoch.seconds).label("seconds"),
            func.min(epoch.images_per_s).label("slowest"),
        )
        .where(epoch.run_id.in_(run_ids), epoch.epoch > 0, epoch.images_per_s > 0)
        .group_by(epoch.run_id)
    )  # fmt: skip
    return {
        row.run_id: row.seconds + (row.epochs + 1) * (tested[row.run_id] / row.slowest + FILES_S)
        for row in session.execute(sums)
        if row.seconds is not None and row.run_id in tested
    }


def _past_run(row: Row[Any], longest: float | None) -> PastRun | None:
    """None where nobody knows how many images its epochs showed."""
    images = images_shown(row.measured_images, row.steps_per_epoch, row.batch_size)
    if images is None:
        return None
    usual = slow = row.mean
    if row.status == "done" and row.attempt == 1 and row.ended_at and row.started_at:
        # Evaluation and start take time too: measured where a run was never interrupted.
        seconds = min((row.ended_at - row.started_at).total_seconds(), longest or math.inf)
        if seconds > 0:
            usual = min(row.epochs * images / seconds, row.fastest)
            slow = usual
    pace = Pace(min(row.slowest, slow), usual, row.fastest)
    kind = row.arch, row.image_size, row.precision, row.stem
    environment = RunEnvironment(row.environment)
    is_on_cpu = environment.device == "cpu"
    return PastRun(
        kind,
        environment.device_kind,
        row.data,
        images / row.passes,
        pace,
        environment.threads,
        row.mean,
        row.batch_size,
        1 if is_on_cpu else round(float(row.at_once or 1)),
        _shared_by(environment, row.shared_by) if is_on_cpu else None,
    )


def _shared_by(environment: RunEnvironment, measured: float) -> int | None:
    """Return how many runs shared the cores, where as many did when it began as its epochs have seen, their mean; None
    where others came or went."""
    begun = environment.runs_at_once
    is_steady = begun is not None and abs(float(measured) - begun) <= STEADY
    return begun if is_steady else None


def running_end(
    row: Any,
    run: QueuedRun,
    now: datetime,
    known: Knowledge,
    longest: float | None = None,
    at_once: int = 1,
) -> Span | None:
    """Estimate the seconds until a running run ends, by its own throughput and that of runs like it; `run` has its
    columns. `longest`: the value of `longest_s`; `at_once`: the runs on its card, itself included."""
    images = known.images_of(run)
    if not run.steps_per_epoch or not run.epochs or images is None:
        return None
    alike = known.pace(run.kind, RunEnvironment(row.environment).device_kind, at_once)
    own = _own_pace(row, images, now, longest)
    if own is None and alike is None:
        return None
    return duration(run.epochs_left * images, _either(own, alike))


def _own_pace(row: Any, images: float, now: datetime, longest: float | None) -> Pace | None:
    """Return the throughput of a running run whose epochs show so many images."""
    if not row.images_per_s:
        return None
    whole = row.images_per_s
    if row.attempt == 1 and row.started_at is not None and row.epoch:
        done = max(row.step / row.steps_per_epoch, row.epoch)
        seconds = (now - row.started_at).total_seconds()
        if longest is not None:
            seconds = min(seconds, longest + (done - row.epoch) * images / row.images_per_s)
        whole = min(done * images / seconds, whole) if seconds > 0 else whole
    return Pace(whole, (whole + row.images_per_s) / 2, row.images_per_s)


def _either(own: Pace | None, alike: Pace | None) -> Pace:
    paces = [pace for pace in (own, alike) if pace is not None]
    usual = paces[0].usual
    return Pace(min(pace.slow for pace in paces), usual, max(pace.fast for pace in paces))
