"""Reasons why queued runs wait, and forecasts of when runs start and end."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Row, select
from sqlmodel import Session

from engine.analysis.forecast import Forecast, ForecastWorker, Knowledge, QueuedRun, forecast, learn
from engine.analysis.paces import NOW, PastRun, Span
from engine.analysis.shared_cards import ForecastCard
from engine.analysis.slowness import Progress, slow_text
from engine.queries.queue_reasons import QueueReasons
from engine.queries.shared_cards import cards_of, read_peaks, runs_at_once
from engine.queries.throughput import longest_s, past_runs, run_column, running_end
from engine.store import queue, workers
from engine.store.activity import Activity, activity_of
from engine.store.database import read_together
from engine.store.dependencies import some_of
from engine.store.listing import lacking, queue_order, queue_paused, unmet
from engine.store.people import owners_of_queue
from engine.store.run_environment import RunEnvironment
from engine.store.schema import IS_QUEUED, IS_RUNNING, QUEUE_ORDER, run_table
from engine.store.status import WAITS
from engine.store.tables import Worker

PAUSED, NO_WORKER = "queue paused", "no worker"
HORIZON_S = 10 * 365 * 86_400
"""Seconds: what ends later than that is told no time, for no calendar may have one."""
FAR = 1_000
"""Most runs of the queue that are followed: what lies beyond is days off, and every page would wait for it."""


@dataclass(frozen=True)
class Waiting:
    """Reason and times of a queued run, or the end of a running one. Times are aware; None if unknown."""

    reason: str | None
    starts: tuple[datetime, datetime, datetime] | None = None
    """At the earliest, most likely, at the latest."""
    ends: tuple[datetime, datetime, datetime] | None = None
    slow: str = ""
    """Of a running run that is far slower than runs like it: what it makes, and what they made."""


@dataclass(frozen=True)
class Facts:
    """Facts of the run table that reasons and times are worked out from."""

    queue: QueueReasons
    there: Sequence[Worker]
    running: Sequence[Row[Any]] = ()
    past: Sequence[PastRun] = ()
    longest: Mapping[int, float] = field(default_factory=dict)
    """Of the running runs, as `longest_s` gives it."""
    first: Sequence[QueuedRun] = ()
    """The first FAR queued runs, in the queue's order."""
    peaks: Mapping[tuple[str, str], float] = field(default_factory=dict)
    """Of the runs' memory on the cards that workers share, as `read_peaks` gives them."""


def reasons(session: Session) -> dict[int, str]:
    """Return what `QueueReasons.of` says of each queued run."""
    why = _read_queue(session, workers.present(session))
    return {run_id: why.of(run_id) or "" for run_id in why.order}


def waits(session: Session, wanted: Collection[int] | None = None) -> dict[int, Waiting]:
    """Reason and times of the wanted runs, or of all, as far as they are queued or running.

    No times are told of runs with FAR or more before them."""
    there, running = read_together(session, lambda: workers.present(session), lambda: read_running(session))
    why = _read_queue(session, there)
    is_asked = any(why.of(run_id) for run_id in wanted or ()) or (wanted is None and why.order)
    if not is_asked and not running:
        return {}
    has_times = bool(is_asked and there) and why.obstacle != PAUSED
    past, longest, first = read_together(
        session,
        lambda: past_runs(session),
        lambda: longest_s(session, [row.id for row in running]),
        lambda: read_first(session) if has_times else (),
    )
    peaks = read_peaks(session, there, [*running, *first])
    return told(Facts(why, there, running, past, longest, first, peaks), wanted)


def told(facts: Facts, wanted: Collection[int] | None = None) -> dict[int, Waiting]:
    """Work out reason and times of the wanted runs, or of all, as far as they are queued or running."""
    asked, running, now = facts.queue, facts.running, datetime.now(UTC)
    named = asked.order if wanted is None else list(dict.fromkeys(wanted))
    why = {run_id: reason for run_id in named if (reason := asked.of(run_id)) is not None}
    known, cards = learn(facts.past, facts.peaks), cards_of(facts.there)
    device_of = {each.id: _device(each) for each in facts.there}
    beside = runs_at_once(cards, [row.worker_id for row in running])
    ends = {
        row.id: _end(
            row,
            now,
            known,
            device_of.get(row.worker_id),
            facts.longest.get(row.id),
            beside.get(row.worker_id, 1),
        )
        for row in running
    }
    found: dict[int, Forecast] = {}
    if why and facts.there and asked.obstacle != PAUSED:
        stations = _forecast_workers(facts.there, running, ends, cards, known)
        able = [run for run in facts.first if run.id not in asked.lacks]
        found = forecast(able, stations, ends, asked.unmet, known, None if wanted is None else set(why))
    said = {run_id: _waiting(reason, found.get(run_id), now) for run_id, reason in why.items()}
    shown = ends.keys() if wanted is None else ends.keys() & set(wanted)
    slow = {row.id: slow_text(_progress(row, beside.get(row.worker_id, 1)), facts.past) for row in running}
    return said | {run_id: Waiting(None, None, _times(now, ends[run_id]), slow[run_id]) for run_id in shown}


def obstacle_to_all(*, is_paused: bool, has_workers: bool, workers_to_come: str = "") -> str:
    """Return what keeps all queued runs from starting; empty where nothing does. `workers_to_come`: what the runs wait
    for where workers are not there yet but will be."""
    if is_paused or has_workers:
        return PAUSED if is_paused else ""
    return workers_to_come or NO_WORKER


def _read_queue(session: Session, there: Collection[Worker]) -> QueueReasons:
    order, is_paused, lacks, unmet_by, owners, refused = read_together(
        session,
        lambda: queue_order(session),
        lambda: queue_paused(session),
        lambda: lacking(session, there),
        lambda: unmet(session),
        lambda: owners_of_queue(session),
        lambda: read_refused(session, there),
    )
    obstacle = obstacle_to_all(is_paused=is_paused, has_workers=bool(there))
    return QueueReasons(order, obstacle, lacks, unmet_by, owners, refused)


def read_refused(session: Session, there: Collection[Worker]) -> dict[int, str]:
    """Return what the first run waits for of each shared card, or of the CPU, as the idle workers there tell it."""
    found: dict[int, str] = {}
    for each in there:
        if (each.slots > 1 or each.device == "cpu") and each.id is not None and each.state.startswith(WAITS):
            first = queue.first_claimable(session, each.id)
            found |= {first: each.state} if first is not None else {}
    return found


def _waiting(reason: str, times: Forecast | None, now: datetime) -> Waiting:
    return Waiting(reason, _times(now, times.start), _times(now, times.end)) if times else Waiting(reason)


def _times(now: datetime, span: Span | None) -> tuple[datetime, datetime, datetime] | None:
    if span is None or not span.high < HORIZON_S:
        return None
    low, mid, high = (now + timedelta(seconds=seconds) for seconds in span)
    return low, mid, high


def read_first(session: Session) -> list[QueuedRun]:
    """Read the first FAR queued runs in the queue's order."""
    queued = select(*map(run_column, QueuedRun._fields)).where(IS_QUEUED)
    return [QueuedRun(*row) for row in session.execute(queued.order_by(*QUEUE_ORDER).limit(FAR))]


def read_queued(session: Session, run_ids: Collection[int]) -> list[QueuedRun]:
    """Read these runs, in any order."""
    found: list[QueuedRun] = []
    for some in some_of(run_ids):
        rows = select(*map(run_column, QueuedRun._fields)).where(run_table.c.id.in_(some))
        found += [QueuedRun(*row) for row in session.execute(rows)]
    return found


def read_running(session: Session) -> list[Row[Any]]:
    """Read the running runs, with what `told` takes of them."""
    more = ("images_per_s", "attempt", "started_at", "environment", "worker_id", "doing", "request")
    columns = [run_column(name) for name in (*QueuedRun._fields, *more)]
    return list(session.execute(select(*columns).where(IS_RUNNING)))


def _progress(row: Row[Any], at_once: int) -> Progress:
    run, environment = QueuedRun(*row[: len(QueuedRun._fields)]), RunEnvironment(row.environment)
    steps = row.step - row.epoch * row.steps_per_epoch
    return Progress(
        run.kind,
        environment.device_kind,
        environment.threads,
        run.batch_size,
        row.images_per_s,
        steps,
        at_once,
    )


def _forecast_workers(
    there: Collection[Worker],
    running: Collection[Row[Any]],
    ends: Mapping[int, Span | None],
    cards: Mapping[int, ForecastCard],
    known: Knowledge,
) -> list[ForecastWorker]:
    held = {row.worker_id: row for row in running}
    found = []
    for each in there:
        if each.device == "cpu" and each.state.startswith(WAITS):
            continue  # as many as pay train beside it
        row, card = held.get(each.id), cards.get(each.id or 0)
        run = known.card_run(QueuedRun(*row[: len(QueuedRun._fields)]), card) if row and card else None
        free = ends[row.id] if row else NOW
        found.append(ForecastWorker(_device(each), workers.has_card(each), free, each.cards, card, run))
    return found


def _end(
    row: Row[Any], now: datetime, known: Knowledge, device: str | None, longest: float | None, at_once: int
) -> Span | None:
    """Estimate when a running run ends; None while it packs images or was asked to stop."""
    if row.request is not None or activity_of(row.doing) is Activity.PACKING:
        return None
    run = QueuedRun(*row[: len(QueuedRun._fields)])
    if run.steps_per_epoch:
        return running_end(row, run, now, known, longest, at_once)
    return known.seconds(run, device, at_once) if device is not None else None


def _device(worker: Worker) -> str:
    return worker.device_name or worker.device
