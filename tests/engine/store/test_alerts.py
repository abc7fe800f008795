"""Addresses, events that are due, and messages that one worker at a time sends."""

from datetime import timedelta

import pytest
from sqlalchemy import text
from told import SHOWN, URL, later, tell

from engine.store import alerts, people
from engine.store.alert_tables import Alert, AlertChannel
from engine.store.alerts import GAP_S, Claimed, Event
from engine.store.database import Store
from engine.store.errors import QueueError
from engine.store.utc import utc_now


def event(key: str, age: timedelta = timedelta()) -> Event:
    return Event(key, "done", None, utc_now() - age, "gpu03", f"{key} is done", "a line")


def channel_of(store: Store, channel_id: int) -> AlertChannel:
    with store.read() as session:
        return next(each for each in alerts.channels(session) if each.id == channel_id)


def record(store: Store, channel_id: int, *events: Event, seen: int = 0) -> None:
    alerts.record(store, channel_of(store, channel_id), events, seen)


def keys(claimed: Claimed | None) -> list[str]:
    assert claimed is not None
    return [each.key for each in claimed.alerts]


def due(store: Store, *, at_once: bool = False) -> set[int]:
    with store.read() as session:
        return alerts.due_channels(session, at_once=at_once)


def test_an_address_is_there_once_and_its_kinds_change(store: Store) -> None:
    first = tell(store, "failed")
    assert tell(store, "done", "best") == first != tell(store, "failed", sweep="lrs")
    found = channel_of(store, first)
    assert (found.kinds, found.shown, found.url) == ("done,best", SHOWN, URL)


def test_an_event_is_recorded_once_however_many_see_it(store: Store) -> None:
    one, other = tell(store), tell(store, sweep="lrs")
    record(store, one, event("a"), event("b"))
    record(store, one, event("a"))
    record(store, other, event("b"), event("c"))  # the same address: it has been told of b
    with store.read() as session:
        digest = channel_of(store, one).digest
        assert alerts.unknown_keys(session, digest, ["a", "b", "c", "d"]) == {"d"}
        assert alerts.waiting(session) == 3
    assert keys(alerts.claim_message(store, other)) == ["c"]


def test_all_that_is_due_goes_into_one_message_of_one_worker(store: Store) -> None:
    channel = tell(store)
    assert alerts.claim_message(store, channel) is None, "nothing is due"
    record(store, channel, event("b", timedelta(seconds=5)), event("a"))
    assert due(store) == {channel}
    claimed = alerts.claim_message(store, channel)
    assert keys(claimed) == ["b", "a"] and claimed is not None and claimed.alerts[0].offered == 1
    assert due(store) == set() and alerts.claim_message(store, channel) is None, "it is being sent"
    alerts.note_sent(store, channel, claimed.claim)
    with store.read() as session:
        assert alerts.waiting(session) == 0
    assert channel_of(store, channel).sent_at is not None


def test_the_next_message_waits_its_time_unless_the_worker_leaves(store: Store) -> None:
    channel = tell(store)
    record(store, channel, event("a"))
    claimed = alerts.claim_message(store, channel)
    assert claimed is not None
    alerts.note_sent(store, channel, claimed.claim)
    record(store, channel, event("b"), event("c"))
    assert due(store) == set() and due(store, at_once=True) == {channel}
    with store.write() as session:
        left = text("SELECT not_before_s FROM alert_channel")
        now = session.execute(alerts.select(alerts.now_s(session))).scalar_one()
        assert GAP_S - 30 < session.execute(left).scalar_one() - now <= GAP_S
    assert alerts.claim_message(store, channel) is None
    assert keys(alerts.claim_message(store, channel, at_once=True)) == ["b", "c"]


def test_a_message_that_failed_is_tried_again_after_growing_waits(store: Store) -> None:
    channel = tell(store)
    record(store, channel, event("a"))
    for tries, wait_s in enumerate((10, 30, 120, 300, 600, 600)):
        claimed = alerts.claim_message(store, channel)
        assert keys(claimed) == ["a"] and claimed is not None and claimed.alerts[0].offered == 1
        assert alerts.note_failed(store, channel, claimed.claim, "no way", tries) == wait_s
        found = channel_of(store, channel)
        assert (found.tries, found.problem) == (tries + 1, "no way")
        assert due(store) == set() and due(store, at_once=True) == {channel}, (
            "a worker that leaves tries once more"
        )
        later(store)
    claimed = alerts.claim_message(store, channel)
    assert claimed is not None
    alerts.note_sent(store, channel, claimed.claim)
    found = channel_of(store, channel)
    assert (found.tries, found.problem) == (0, "")


def test_a_message_whose_worker_is_lost_is_sent_again_and_knows_it(store: Store) -> None:
    channel = tell(store)
    record(store, channel, event("a"))
    lost = alerts.claim_message(store, channel)
    later(store)
    record(store, channel, event("b"))
    again = alerts.claim_message(store, channel)
    assert lost is not None and again is not None and again.claim != lost.claim
    assert [(each.key, each.offered) for each in again.alerts] == [("a", 2), ("b", 1)]
    alerts.note_failed(store, channel, lost.claim, "late", 0)
    found = channel_of(store, channel)
    assert (found.claim, found.problem) == (again.claim, ""), "the late one changes nothing"
    alerts.note_sent(store, channel, again.claim)
    with store.read() as session:
        assert alerts.waiting(session) == 0


def test_what_is_older_than_a_day_is_dropped(store: Store) -> None:
    channel = tell(store)
    record(store, channel, event("old", timedelta(hours=25)))
    claimed = alerts.claim_message(store, channel)
    assert claimed is not None and (claimed.alerts, claimed.dropped) == ((), 1)
    with store.read() as session:
        assert alerts.waiting(session) == 0
        assert [row.state for row in session.exec(alerts.select_rows(Alert))] == ["dropped"]
    record(store, channel, event("new"))
    assert keys(alerts.claim_message(store, channel)) == ["new"]


def test_a_removed_address_is_told_of_nothing(store: Store) -> None:
    channel, other = tell(store), tell(store, sweep="lrs")
    record(store, channel, event("a"))
    with pytest.raises(QueueError, match="there is no address 99: resnet-tui notify ls lists them"):
        alerts.remove_channels(store, [channel, 99])
    assert alerts.remove_channels(store, [channel]) == [SHOWN]
    with store.read() as session:
        assert [each.id for each in alerts.channels(session)] == [other] and alerts.waiting(session) == 0


def test_addresses_of_others_stay_theirs(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(people, "user_name", lambda: "ann")
    anns = tell(store)
    monkeypatch.setattr(people, "user_name", lambda: "bob")
    bobs = tell(store)
    with store.read() as session:
        mine = [each.id for each in alerts.own_channels(session)]
    if store.path is not None:
        assert anns == bobs, "a file is nobody's"
        return
    assert mine == [bobs]
    with pytest.raises(QueueError, match=f"address {anns} is ann's: leave it"):
        alerts.remove_channels(store, [anns])
