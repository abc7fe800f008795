"""Events that the run table tells of: runs that ended, findings of errors, the end of the queue."""

import json
from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, select
from sqlmodel import Session

from engine.alerts.texts import RunFacts, done_text, empty_text, failed_text, finding_text, place_of
from engine.analysis.finding import Finding
from engine.analysis.news import Best, RunState, gather
from engine.hardware import processes
from engine.queries.read_news import done_in_sweeps, run_states
from engine.store import listing
from engine.store.alert_tables import AlertChannel
from engine.store.alerts import FRESH, Event
from engine.store.clock import seen_change
from engine.store.dependencies import some_of
from engine.store.run_environment import RunEnvironment
from engine.store.schema import alert_table, run_table
from engine.store.utc import utc_now

GRAVE = "error"
TOLD_ENDS = ("done", "failed")
"""Ends that are told: a user who cancels a run knows of it."""
ALIVE = ("queued", "paused", "running")


class Looked(NamedTuple):
    """Events by the id of the channel that is to be told, and the change up to which the runs were looked at."""

    events: dict[int, list[Event]]
    through: int


class _Row(NamedTuple):
    """Run that may be worth an alert."""

    id: int
    status: str
    ended_at: datetime | None
    severity: str | None
    sweep: str
    user_name: str

    def is_of(self, channel: AlertChannel) -> bool:
        """Return True where a channel is told of this run."""
        is_users = "" in (self.user_name, channel.user_name) or self.user_name == channel.user_name
        return is_users and channel.sweep in ("", self.sweep)


def look(session: Session, channels: Sequence[AlertChannel], after: int) -> Looked:
    """Find what happened in the runs that were written after a change, for each channel. An event that was found before
    may be among them."""
    through, since = seen_change(session), utc_now() - FRESH
    rows = [
        row
        for row in _changed(session, min(after, through))
        if row.status in TOLD_ENDS or row.severity == GRAVE
    ]
    fresh = [row for row in rows if _is_fresh(row, since)]
    of_channel = {
        each.id or 0: [row for row in fresh if row.is_of(each) and _is_fresh(row, each.created_at)]
        for each in channels
    }
    facts = facts_of(session, {row.id for some in of_channel.values() for row in some})
    best_of = _bests(session, facts)
    found: dict[int, list[Event]] = defaultdict(list)
    for channel in channels:
        runs = of_channel[channel.id or 0]
        for row in runs:
            if row.id in facts:
                found[channel.id or 0] += _events(
                    facts[row.id], channel.kinds.split(","), best_of.get(row.id)
                )
        if "empty" in channel.kinds.split(",") and any(row.ended_at for row in runs):
            found[channel.id or 0] += _empty(session, channel)
    return Looked(dict(found), through)


def _changed(session: Session, after: int) -> list[_Row]:
    columns = select(*(run_table.c[name] for name in _Row._fields)).where(run_table.c.changed > after)
    return [_Row._make(row) for row in session.execute(columns.order_by(run_table.c.id))]


def _is_fresh(row: _Row, since: datetime) -> bool:
    """Return True for a run in training, and for one that ended after a time."""
    return row.status == "running" if row.ended_at is None else row.ended_at > since


def facts_of(session: Session, run_ids: Collection[int]) -> dict[int, RunFacts]:
    """Return what alerts tell of runs."""
    table = run_table.c
    names = (
        "id", "name", "user_name", "attempt", "epoch", "epochs", "best_epoch", "best_acc", "suggestion", "findings",
        "environment",
    )  # fmt: skip
    found: dict[int, RunFacts] = {}
    own_host = processes.host_name()
    for some in some_of(sorted(run_ids)):
        states = {state.id: state for state in run_states(session, table.id.in_(some))}
        for row in session.execute(select(*(table[name] for name in names)).where(table.id.in_(some))):
            host = RunEnvironment(row.environment).host or own_host
            found[row.id] = RunFacts(
                states[row.id], row.name, row.user_name, host, row.attempt, row.epoch, row.epochs, row.best_epoch,
                row.best_acc, row.suggestion or "", _findings(row.findings),
            )  # fmt: skip
    return found


def _findings(stored: list[dict[str, Any]] | None) -> tuple[Finding, ...]:
    return tuple(map(Finding.from_json, stored or ()))


def _bests(session: Session, facts: dict[int, RunFacts]) -> dict[int, Best]:
    """Return the standing of the runs that are the best of their sweep."""
    states = [
        run.state
        for run in facts.values()
        if run.state.status == "done" and not _is_beaten(session, run.state)
    ]
    return {best.run.id: best for best in gather(states, (), done_in_sweeps(session, states)).best}


def _is_beaten(session: Session, run: RunState) -> bool:
    """Return True where a run of the same sweep and data, chosen by the same metric, is better: then its sweep, which
    may be long, need not be read."""
    table, chosen = run_table.c, json.dumps(run.selected_on)
    alike = (table.sweep == run.sweep) & (table.data == run.data) & (table.status == "done")
    same = table.spec.contains(f'"select_on":{chosen}', autoescape=True)
    return (
        session.execute(select(table.id).where(alike, same, table.best > run.best).limit(1)).first()
        is not None
    )


def _events(run: RunFacts, kinds: Collection[str], best: Best | None) -> Iterator[Event]:
    """Yield the events of a run that a channel wants. One that has ended is told of once, by its end."""
    status, number = run.state.status, f"{run.state.id}:{run.attempt}"
    if status == "done" and "done" in kinds:
        yield _event(run, "done", f"done:{number}", done_text(run, best))
    elif status == "done" and best is not None and "best" in kinds:
        yield _event(run, "best", f"best:{number}", done_text(run, best))
    elif status == "failed" and "failed" in kinds:
        yield _event(run, "failed", f"failed:{number}", failed_text(run))
    elif "finding" in kinds:
        for each in run.findings:
            if each.severity == GRAVE:
                yield _event(run, "finding", f"finding:{run.state.id}:{each.kind}", finding_text(run, each))


def _event(run: RunFacts, kind: str, key: str, text: tuple[str, str]) -> Event:
    at = run.state.ended_at or utc_now()
    return Event(key, kind, run.state.id, at, place_of(run.host, run.state.sweep), *text)


def _empty(session: Session, channel: AlertChannel) -> Iterator[Event]:
    """Yield the end of a channel's queue, if it has ended: the run that ended last is its name."""
    mine = _of_channel(channel)
    alive = select(run_table.c.id, run_table.c.status).where(mine, run_table.c.status.in_(ALIVE))
    own = {row.id: row.status for row in session.execute(alive)}
    # While a run trains there is no need to find out what the others wait for.
    if "running" in own.values() or own.keys() & set(listing.pending(session)):
        return
    ended = run_states(session, mine & (run_table.c.ended_at > _latest_empty(session, channel)))
    if not ended:
        return
    last = max(ended, key=lambda run: (run.ended_at or utc_now(), run.id))
    facts = facts_of(session, [last.id])[last.id]
    news = gather(ended, (), done_in_sweeps(session, ended))
    scope, text = f"{channel.user_name}:{channel.sweep}", empty_text(news, channel.sweep, own)
    at = last.ended_at or utc_now()
    yield Event(
        f"empty:{last.id}:{facts.attempt}:{scope}", "empty", None, at, place_of(facts.host, ""), *text
    )


def _of_channel(channel: AlertChannel) -> ColumnElement[bool]:
    table = run_table.c
    of_user = table.user_name.in_(["", channel.user_name]) if channel.user_name else table.id > 0
    return of_user & (table.sweep == channel.sweep) if channel.sweep else of_user


def _latest_empty(session: Session, channel: AlertChannel) -> datetime:
    """Return when the channel's queue was empty before, or when the channel was added."""
    before = select(alert_table.c.at).where(
        alert_table.c.channel_id == channel.id, alert_table.c.kind == "empty"
    )
    times = list(session.execute(before.order_by(alert_table.c.at)).scalars())
    return times[-1] if times else channel.created_at
