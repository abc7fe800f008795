"""Alerts in the run table: addresses, events that are due, and messages, each claimed before it is sent.

A message is sent by one worker at a time. A worker that is killed between the claim and the note of its outcome leaves
the events due, and they are sent again once the claim has run out: at least once, and once unless a worker is lost."""

import secrets
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, exists, func, select, update
from sqlmodel import Session, col
from sqlmodel import select as select_rows

from engine.store.alert_tables import Alert, AlertChannel
from engine.store.backends.protocol import backend_of
from engine.store.clock import now_s, seen_change
from engine.store.database import Store
from engine.store.dependencies import some_of
from engine.store.errors import QueueError
from engine.store.people import may_change, new_owner
from engine.store.schema import alert_table, channel_table
from engine.store.utc import utc_now

GAP_S = 60.0
"""Time between two messages to one address at the least: what happens meanwhile goes into the second."""
CLAIM_S = 90.0
"""Time after which a message whose outcome nobody noted is sent by another worker: longer than a try can take."""
BACK_OFF_S = (10.0, 30.0, 120.0, 300.0, 600.0)
"""Waits after failed tries in a row; the last one is repeated."""
FRESH = timedelta(hours=24)
"""Age from which an event is no alert any more: `news` has it."""


@dataclass(frozen=True)
class NewChannel:
    """Address that is to be told of kinds of events, of all runs or of a sweep's."""

    url: str
    digest: str
    shown: str
    kinds: tuple[str, ...]
    sweep: str = ""


@dataclass(frozen=True)
class Event:
    """Event that may be told; the texts as in `Alert`."""

    key: str
    kind: str
    run_id: int | None
    at: datetime
    place: str
    what: str
    body: str


@dataclass(frozen=True)
class Claimed:
    """Events that this process is to send in one message, the oldest first, and the number that were too old."""

    claim: str
    alerts: tuple[Alert, ...]
    dropped: int = 0


def add_channel(session: Session, new: NewChannel, *, keeps_url: bool = True) -> int:
    """Add an address, or give the one that is there other kinds, and return its id. Without `keeps_url` its secret
    stays with the workers that bring it."""
    row = {
        "created_at": utc_now(), "user_name": new_owner(session), "sweep": new.sweep, "digest": new.digest,
        "url": new.url if keeps_url else "", "shown": new.shown, "kinds": ",".join(new.kinds),
        "changed": seen_change(session), "not_before_s": 0.0, "claim": "", "claim_until_s": 0.0, "tries": 0,
        "problem": "",
    }  # fmt: skip
    insert = backend_of(session).insert(channel_table).values(row)
    changed = {"kinds": insert.excluded.kinds} | ({"url": insert.excluded.url} if keeps_url else {})
    added = insert.on_conflict_do_update(index_elements=["digest", "sweep", "user_name"], set_=changed)
    return int(session.execute(added.returning(channel_table.c.id)).scalar_one())


def channels(session: Session) -> list[AlertChannel]:
    """Return all addresses, in the order of their ids."""
    return list(session.exec(select_rows(AlertChannel).order_by(col(AlertChannel.id))))


def own_channels(session: Session) -> list[AlertChannel]:
    """Return the addresses that are this user's, or nobody's."""
    return [each for each in channels(session) if may_change(each.user_name)]


def remove_channels(store: Store, ids: Collection[int]) -> list[str]:
    """Remove addresses with the record of what they were told; return how they are shown. Raises QueueError, and then
    removes none, for one that does not exist or is another user's."""
    with store.write() as session:
        there = {each.id: each for each in channels(session)}
        for each in ids:
            if each not in there:
                raise QueueError(f"there is no address {each}: resnet-tui notify ls lists them")
            if not may_change(there[each].user_name):
                raise QueueError(f"address {each} is {there[each].user_name}'s: leave it")
        for table, of_channel in (
            (alert_table, alert_table.c.channel_id),
            (channel_table, channel_table.c.id),
        ):
            session.execute(table.delete().where(of_channel.in_(ids)))
        return [there[each].shown for each in ids]


def unknown_keys(session: Session, digest: str, keys: Collection[str]) -> set[str]:
    """Return those of the keys of events that an address has no record of."""
    known: set[str] = set()
    for some in some_of(keys):
        mine = select(alert_table.c.key).where(alert_table.c.digest == digest, alert_table.c.key.in_(some))
        known |= set(session.execute(mine).scalars())
    return set(keys) - known


def record(store: Store, channel: AlertChannel, events: Iterable[Event], seen: int) -> None:
    """Write events that are to be told, each once whoever saw it, and up to which change the runs were looked at."""
    rows = [
        {
            **vars(event),
            "digest": channel.digest,
            "channel_id": channel.id,
            "state": "due",
            "claim": "",
            "offered": 0,
        }
        for event in events
    ]
    with store.write_rows() as session:
        if rows:
            session.execute(backend_of(session).insert(alert_table).on_conflict_do_nothing(), rows)
        newer = (channel_table.c.id == channel.id) & (channel_table.c.changed < seen)
        session.execute(channel_table.update().where(newer).values(changed=seen))


def due_channels(session: Session, *, at_once: bool = False) -> set[int]:
    """Return the addresses to which a message is to be sent now. `at_once`: also before the time between messages, or
    of a back-off, has gone by."""
    table = channel_table.c
    has_due = exists(
        select(alert_table.c.key).where(alert_table.c.channel_id == table.id, alert_table.c.state == "due")
    )
    return set(session.execute(select(table.id).where(has_due, *_may_send(session, at_once))).scalars())


def waiting(session: Session, *, unclaimed: bool = False) -> int:
    """Count the events that are still to be sent; with `unclaimed` those alone that nobody is sending now."""
    due = (
        select(func.count()).select_from(alert_table.join(channel_table)).where(alert_table.c.state == "due")
    )
    free = due.where(channel_table.c.claim_until_s < now_s(session)) if unclaimed else due
    return int(session.execute(free).scalar_one())


def claim_message(store: Store, channel_id: int, *, at_once: bool = False) -> Claimed | None:
    """Claim all that an address is to be told now; None where another worker does that, or where there is nothing.
    Events that are no longer fresh are dropped."""
    claim = secrets.token_hex(8)
    alerts, mine = alert_table.c, (alert_table.c.channel_id == channel_id) & (alert_table.c.state == "due")
    with store.write_rows() as session:
        taken = channel_table.update().where(channel_table.c.id == channel_id, *_may_send(session, at_once))
        until = taken.values(claim=claim, claim_until_s=now_s(session) + CLAIM_S)
        if session.execute(until.returning(channel_table.c.id)).first() is None:
            session.rollback()
            return None
        old = update(Alert).where(mine, alerts.at < utc_now() - FRESH).values(state="dropped", body="")
        dropped = len(session.execute(old.returning(alerts.key)).all())
        session.execute(update(Alert).where(mine).values(claim=claim, offered=alerts.offered + 1))
        found = select_rows(Alert).where(col(Alert.channel_id) == channel_id, Alert.claim == claim)
        rows = session.exec(found.order_by(col(Alert.at), col(Alert.key))).all()
        for row in rows:
            session.expunge(row)
        if not rows:
            free = channel_table.update().where(channel_table.c.claim == claim)
            session.execute(free.values(claim="", claim_until_s=0.0))
        return Claimed(claim, tuple(rows), dropped) if rows or dropped else None


def _may_send(session: Session, at_once: bool) -> Sequence[ColumnElement[bool]]:
    table, now = channel_table.c, now_s(session)
    return (table.claim_until_s < now,) if at_once else (table.claim_until_s < now, table.not_before_s <= now)


def note_sent(store: Store, channel_id: int, claim: str) -> None:
    """Note that a message has arrived."""
    with store.write_rows() as session:
        mine = (alert_table.c.channel_id == channel_id) & (alert_table.c.claim == claim)
        session.execute(alert_table.update().where(mine).values(state="sent", claim="", body=""))
        _free(
            session, channel_id, claim,
            tries=0, problem="", sent_at=utc_now(), not_before_s=now_s(session) + GAP_S,
        )  # fmt: skip


def note_failed(store: Store, channel_id: int, claim: str, problem: str, tries: int) -> float:
    """Note that a message did not arrive, after so many failed tries before; return the seconds until the next one."""
    wait_s = BACK_OFF_S[min(tries, len(BACK_OFF_S) - 1)]
    with store.write_rows() as session:
        mine = (alert_table.c.channel_id == channel_id) & (alert_table.c.claim == claim)
        session.execute(alert_table.update().where(mine).values(claim="", offered=0))
        _free(
            session, channel_id, claim, tries=tries + 1, problem=problem, not_before_s=now_s(session) + wait_s
        )
    return wait_s


def _free(session: Session, channel_id: int, claim: str, **values: object) -> None:
    """Give up the claim on an address, unless it has run out and another worker has it."""
    mine = (channel_table.c.id == channel_id) & (channel_table.c.claim == claim)
    session.execute(channel_table.update().where(mine).values(claim="", claim_until_s=0.0, **values))
