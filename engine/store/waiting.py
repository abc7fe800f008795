"""Why each queued run waits, and when it will start and end."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Row, select
from sqlmodel import Session

from engine.analysis.forecast import NOW, Forecast, Knowledge, Span, Station, Task, forecast, learn
from engine.store import workers
from engine.store.fencing import run_table
from engine.store.listing import needing_card, queue_order, queue_paused, stuck, unmet
from engine.store.paces import kind_of, past_runs, running_end
from engine.store.status import Status
from engine.store.tables import Worker


@dataclass(frozen=True)
class Waiting:
    """A queued run's reason and times, or a running run's end; times are aware, None where nothing tells them."""

    reason: str | None
    starts: tuple[datetime, datetime, datetime] | None = None
    """At the earliest, most likely, at the latest."""
    ends: tuple[datetime, datetime, datetime] | None = None


def reasons(session: Session) -> dict[int, str]:
    """For each queued run one phrase: `queue paused`, `waits for #3`, `waits for #3, which failed`,
    `no worker`, `no worker for cuda`, `2 ahead`, `next`."""
    order = queue_order(session)
    if not order:
        return {}
    there = workers.present(session)
    needy = needing_card(session) if there and not any(map(workers.has_card, there)) else set()
    return _reasons(order, unmet(session), needy, there=bool(there), paused=queue_paused(session))


def waits(session: Session, wanted: Collection[int] | None = None) -> dict[int, Waiting]:
    """Reason and times of the wanted runs, or of all, as far as they are queued or running."""
    queued = _queued(session)
    running = _running(session)
    if not queued and not running:
        return {}
    there, unmet_by = workers.present(session), unmet(session)
    has_card = any(map(workers.has_card, there))
    needy = {row.id for row in queued if row.needs_card} if there and not has_card else set()
    paused = queue_paused(session)
    why = _reasons([row.id for row in queued], unmet_by, needy, there=bool(there), paused=paused)
    now = datetime.now(UTC)
    known = learn(past_runs(session))
    device_of = {each.id: _device(each) for each in there}
    ends = {row.id: _end(row, now, known, device_of.get(row.worker_id)) for row in running}
    found: dict[int, Forecast] = {}
    if not paused:
        found = forecast(_tasks(queued, unmet_by), _stations(there, running, ends), ends, known, wanted)
    mine = {row.id for row in running}
    shown = [*why, *mine] if wanted is None else [each for each in wanted if each in why or each in mine]
    return {
        run_id: Waiting(None, None, _times(now, ends[run_id]))
        if run_id in mine
        else _waiting(why[run_id], found.get(run_id), now)
        for run_id in shown
    }


def _reasons(
    order: Collection[int], waits: dict[int, dict[int, Status]], needy: set[int], *, there: bool, paused: bool
) -> dict[int, str]:
    hopeless = stuck(waits)
    found: dict[int, str] = {}
    ahead = 0
    for run_id in order:
        if run_id in waits:
            found[run_id] = _waits_for(waits[run_id], hopeless.get(run_id))
        elif paused:
            found[run_id] = "queue paused"
        elif not there:
            found[run_id] = "no worker"
        elif run_id in needy:
            found[run_id] = "no worker for cuda"
        else:
            found[run_id] = f"{ahead} ahead" if ahead else "next"
            ahead += 1
    return found


def _waits_for(targets: Mapping[int, str], dead: int | None) -> str:
    if dead is None:
        held = [f"#{target}, which is paused" for target in sorted(targets) if targets[target] == "paused"]
        return f"waits for {held[0] if held else ', '.join(f'#{target}' for target in sorted(targets))}"
    status = targets.get(dead, "failed")
    return f"waits for #{dead}, which {'was cancelled' if status == 'cancelled' else status}"


def _waiting(reason: str, times: Forecast | None, now: datetime) -> Waiting:
    return Waiting(reason, _times(now, times.start), _times(now, times.end)) if times else Waiting(reason)


def _times(now: datetime, span: Span | None) -> tuple[datetime, datetime, datetime] | None:
    if span is None:
        return None
    low, mid, high = (now + timedelta(seconds=seconds) for seconds in span)
    return low, mid, high


_COLUMNS = (
    "id", "arch", "image_size", "precision", "data", "needs_card", "passes", "epochs", "epoch", "step",
    "steps_per_epoch", "batch_size",
)  # fmt: skip


def _queued(session: Session) -> list[Row[Any]]:
    table = run_table.c
    columns = [table[name] for name in _COLUMNS]
    order = (table.priority.desc(), table.position, table.id)
    return list(session.execute(select(*columns).where(table.status == "queued").order_by(*order)))


def _running(session: Session) -> list[Row[Any]]:
    more = ("images_per_s", "attempt", "started_at", "environment", "worker_id", "doing", "request")
    columns = [run_table.c[name] for name in (*_COLUMNS, *more)]
    return list(session.execute(select(*columns).where(run_table.c.status == "running")))


def _tasks(queued: Collection[Row[Any]], unmet_by: Mapping[int, Mapping[int, Status]]) -> list[Task]:
    tasks = []
    for row in queued:
        steps = row.steps_per_epoch
        left = row.epochs - max(row.step / steps, row.epoch) if steps else row.epochs
        tasks.append(
            Task(
                row.id,
                kind_of(row),
                row.data,
                row.needs_card,
                row.passes,
                max(left, 0),
                steps * row.batch_size if steps else None,
                tuple(unmet_by.get(row.id, ())),
            )
        )
    return tasks


def _stations(
    there: Collection[Worker], running: Collection[Row[Any]], ends: Mapping[int, Span | None]
) -> list[Station]:
    held = {row.worker_id: ends[row.id] for row in running}
    return [Station(_device(each), workers.has_card(each), held.get(each.id, NOW)) for each in there]


def _end(row: Row[Any], now: datetime, known: Knowledge, device: str | None) -> Span | None:
    """When a running run will have ended; None while it packs images or was asked to stop: that takes its time."""
    if row.request is not None or "pack" in row.doing:
        return None
    if row.steps_per_epoch:
        return running_end(row, now, known.paces)
    [task] = _tasks([row], {})
    return known.seconds(task, device) if device is not None else None


def _device(worker: Worker) -> str:
    return worker.device_name or worker.device
