"""Reasons why queued runs wait, and forecasts of when runs start and end."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Row, select
from sqlmodel import Session

from engine.analysis.forecast import (
    NOW,
    Forecast,
    ForecastWorker,
    Knowledge,
    QueuedRun,
    Span,
    forecast,
    learn,
)
from engine.analysis.slowness import Progress, slow_text
from engine.queries.throughput import longest_s, past_runs, run_column, running_end
from engine.store import queue, workers
from engine.store.activity import Activity, activity_of
from engine.store.listing import Obstacle, held_up, lacking, queue_order, queue_paused, unmet
from engine.store.people import owners_of_queue
from engine.store.run_environment import RunEnvironment
from engine.store.run_numbers import WHICH
from engine.store.schema import IS_QUEUED, IS_RUNNING, QUEUE_ORDER
from engine.store.status import WAITS, Status
from engine.store.tables import Worker

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


def reasons(session: Session) -> dict[int, str]:
    """Return one phrase for each queued run: `queue paused`, `waits for #3`, `waits for #3, which failed`,
    `no worker`, `no worker for cuda`, `no worker with 2 cards`, `no worker with memory=40`, `2 ahead`, `next`, or what
    of a shared card it waits for: `waits for 12.4 GiB of cuda:0: 9.1 free beside #4 and #7`."""
    there = workers.present(session)
    return _reasons(session, there, lacking(session, there), unmet(session), None)


def waits(session: Session, wanted: Collection[int] | None = None) -> dict[int, Waiting]:
    """Reason and times of the wanted runs, or of all, as far as they are queued or running.

    No times are told of runs with FAR or more before them."""
    running = _running(session)
    there, unmet_by = workers.present(session), unmet(session)
    lacks = lacking(session, there)
    why = _reasons(session, there, lacks, unmet_by, None if wanted is None else set(wanted))
    if not why and not running:
        return {}
    now = datetime.now(UTC)
    past = past_runs(session)
    known = learn(past)
    device_of = {each.id: _device(each) for each in there}
    longest = longest_s(session, [row.id for row in running])
    ends = {
        row.id: _end(row, now, known, device_of.get(row.worker_id), longest.get(row.id)) for row in running
    }
    found: dict[int, Forecast] = {}
    if why and there and not queue_paused(session):
        stations = _forecast_workers(there, running, ends)
        queued = _queued_runs(session, lacks)
        found = forecast(queued, stations, ends, unmet_by, known, None if wanted is None else set(why))
    told = {run_id: _waiting(reason, found.get(run_id), now) for run_id, reason in why.items()}
    shown = ends.keys() if wanted is None else ends.keys() & set(wanted)
    slow = {row.id: slow_text(_progress(row), past) for row in running}
    return told | {run_id: Waiting(None, None, _times(now, ends[run_id]), slow[run_id]) for run_id in shown}


def _reasons(
    session: Session,
    there: Collection[Worker],
    lacks: Mapping[int, str],
    waits: dict[int, dict[int, Status]],
    wanted: Collection[int] | None,
) -> dict[int, str]:
    """Return the reasons of the wanted runs, or of all; `lacks` is what `lacking` found."""
    obstacle = "queue paused" if queue_paused(session) else "" if there else "no worker"
    refused = {} if obstacle else _refused(session, there)
    hopeless = held_up(waits)
    owners = owners_of_queue(session)
    found: dict[int, str] = {}
    ahead, people_ahead = 0, set[str]()
    for run_id in queue_order(session):
        is_wanted = wanted is None or run_id in wanted
        if run_id in waits:
            if is_wanted:
                found[run_id] = _waits_for(waits[run_id], hopeless.get(run_id))
        elif obstacle or run_id in lacks:
            if is_wanted:
                found[run_id] = obstacle or _no_worker(lacks[run_id])
        else:
            if is_wanted:
                found[run_id] = refused.get(run_id) or (f"{ahead} ahead" if ahead else "next")
                if others := sorted(people_ahead - {"", owners.get(run_id, "")}):
                    found[run_id] += f", in turn with {', '.join(others)}"
            ahead += 1
            people_ahead.add(owners.get(run_id, ""))
    return found


def _refused(session: Session, there: Collection[Worker]) -> dict[int, str]:
    """Return what the first run of each shared card waits for, as the card's idle workers tell it."""
    found: dict[int, str] = {}
    for each in there:
        if each.slots > 1 and each.id is not None and each.state.startswith(WAITS):
            first = queue.first_claimable(session, each.id)
            found |= {first: each.state} if first is not None else {}
    return found


def _no_worker(missing: str) -> str:
    return f"no worker {'for' if missing == 'cuda' else 'with'} {missing}"


def _waits_for(targets: Collection[int], obstacle: Obstacle | None) -> str:
    if obstacle is None:
        return f"waits for {', '.join(f'#{target}' for target in sorted(targets))}"
    return f"waits for #{obstacle.run_id}, {WHICH[obstacle.status]}"


def _waiting(reason: str, times: Forecast | None, now: datetime) -> Waiting:
    return Waiting(reason, _times(now, times.start), _times(now, times.end)) if times else Waiting(reason)


def _times(now: datetime, span: Span | None) -> tuple[datetime, datetime, datetime] | None:
    if span is None or not span.high < HORIZON_S:
        return None
    low, mid, high = (now + timedelta(seconds=seconds) for seconds in span)
    return low, mid, high


def _queued_runs(session: Session, untaken: Collection[int]) -> list[QueuedRun]:
    """Return the first FAR queued runs in the queue's order, but for those that no worker may take."""
    queued = select(*map(run_column, QueuedRun._fields)).where(IS_QUEUED)
    rows = session.execute(queued.order_by(*QUEUE_ORDER).limit(FAR)).all()
    return [found for found in (QueuedRun(*row) for row in rows) if found.id not in untaken]


def _running(session: Session) -> list[Row[Any]]:
    more = ("images_per_s", "attempt", "started_at", "environment", "worker_id", "doing", "request")
    columns = [run_column(name) for name in (*QueuedRun._fields, *more)]
    return list(session.execute(select(*columns).where(IS_RUNNING)))


def _progress(row: Row[Any]) -> Progress:
    run, environment = QueuedRun(*row[: len(QueuedRun._fields)]), RunEnvironment(row.environment)
    steps = row.step - row.epoch * row.steps_per_epoch
    return Progress(
        run.kind, environment.device_kind, environment.threads, run.batch_size, row.images_per_s, steps
    )


def _forecast_workers(
    there: Collection[Worker], running: Collection[Row[Any]], ends: Mapping[int, Span | None]
) -> list[ForecastWorker]:
    held = {row.worker_id: ends[row.id] for row in running}
    return [
        ForecastWorker(_device(each), workers.has_card(each), held.get(each.id, NOW), each.cards)
        for each in there
    ]


def _end(
    row: Row[Any], now: datetime, known: Knowledge, device: str | None, longest: float | None
) -> Span | None:
    """Estimate when a running run ends; None while it packs images or was asked to stop."""
    if row.request is not None or activity_of(row.doing) is Activity.PACKING:
        return None
    run = QueuedRun(*row[: len(QueuedRun._fields)])
    if run.steps_per_epoch:
        return running_end(row, run, now, known, longest)
    return known.seconds(run, device) if device is not None else None


def _device(worker: Worker) -> str:
    return worker.device_name or worker.device
