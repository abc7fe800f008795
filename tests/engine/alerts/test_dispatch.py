"""Events in the run table are told once each, by whichever worker, and nothing stops a worker."""

import threading
from collections.abc import Iterator

import pytest
from sqlalchemy import text
from stored_runs import add, claimed, ended
from studies import BASELINE
from told import SHOWN, URL, KeptMessages, dispatcher, later, tell, turn
from waiting import until

from engine.alerts import dispatch
from engine.alerts.channel import new_channel
from engine.alerts.sender import Sent
from engine.hardware import processes
from engine.spec.grid import make_spec
from engine.store import alerts, queue, workers
from engine.store.add import add_runs
from engine.store.database import Store, open_store
from engine.store.errors import StoreError
from engine.text import decimals

HOST = processes.host_name()
BASE = decimals(BASELINE)


@pytest.fixture
def sender() -> KeptMessages:
    return KeptMessages()


def sweep(store: Store, count: int = 1, name: str = "lrs") -> tuple[int, ...]:
    return add_runs(
        store, [make_spec({"data": "digits", "seed": seed}) for seed in range(count)], sweep=name
    ).ids


def test_two_workers_tell_once(store: Store, db_url: str, worker: int) -> None:
    tell(store)
    sweep(store, 8)
    told: list[str] = []
    start = threading.Barrier(4)

    def work() -> None:
        own = open_store(db_url)
        sender = KeptMessages(lambda title: told.append(title))
        one = dispatcher(own, worker, sender)
        for _ in range(8):
            start.wait()
            turn(one)
            start.wait()
        own.close()

    threads = [threading.Thread(target=work) for _ in range(3)]
    for each in threads:
        each.start()
    for _ in range(8):
        ended(store, worker)
        start.wait()
        start.wait()
    for each in threads:
        each.join()
    with store.read() as session:
        assert alerts.waiting(session) == 0
    events = [line for line in told if "done" in line]
    assert len(events) == len(told) == 8 and len(set(told)) == 8


def test_a_worker_that_is_killed_while_it_sends_leaves_the_message_to_the_next(
    store: Store, worker: int
) -> None:
    channel = tell(store)
    add(store, 2)
    ended(store, worker)
    sender = KeptMessages()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(alerts, "claim_message", lambda *_given, **_more: None)
        turn(dispatcher(store, worker, sender))  # it finds the event
    assert alerts.claim_message(store, channel) is not None, "the killed worker has got so far"
    turn(dispatcher(store, worker, sender))
    assert sender.sent == [], "the killed one may still be at it"
    later(store)
    turn(dispatcher(store, worker, sender))
    assert sender.titles[0].startswith(f"{HOST} · #1 resnet18 none lr 0.01: done")
    assert sender.bodies[0].splitlines()[-1] == "perhaps a repeat: the worker that was sending this was lost"
    turn(dispatcher(store, worker, sender))
    assert len(sender.sent) == 1


def test_an_end_that_no_worker_saw_is_told_by_the_next_one(
    store: Store, worker: int, sender: KeptMessages
) -> None:
    tell(store, "failed")
    add(store)
    claimed(store, worker)
    with store.write() as session:
        session.execute(text("UPDATE run SET max_attempts = 1"))
    queue.expire_leases(store, dead_workers=[worker])
    turn(dispatcher(store, workers.register(store, pid=2, device="cpu", device_name="test"), sender))
    assert sender.titles[0].endswith("failed, worker_lost: the worker vanished and its lease ran out")


def test_a_failed_message_is_logged_without_its_secret_and_sent_later(
    store: Store, worker: int, capsys: pytest.CaptureFixture[str]
) -> None:
    tell(store)
    add(store, 2)
    ended(store, worker)
    answers = iter(["the service answered with error 500", None])
    sender = KeptMessages(lambda _title: next(answers))
    told = dispatcher(store, worker, sender)
    turn(told, at_once=False)
    turn(told, at_once=False)
    assert len(sender.sent) == 1, "it waits"
    said = capsys.readouterr().err
    assert f"alerts to {SHOWN}: the service answered with error 500; trying again in 10 s" in said
    assert "s3cr3t" not in said
    later(store)
    turn(told, at_once=False)
    assert sender.titles[0] == sender.titles[1] and "perhaps" not in sender.bodies[1]


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(dispatch, "LOOK_EVERY_S", 0.01)
    monkeypatch.setattr(dispatch, "IDLE_EVERY_S", 0.01)
    yield


@pytest.mark.usefixtures("quick")
def test_a_thread_that_meets_errors_goes_on_and_says_so_once(
    store: Store, worker: int, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    tell(store)
    add(store, 1)
    errors = iter([StoreError("the table is away"), StoreError("the table is away"), ValueError(URL)])
    sender, arrived, find = KeptMessages(lambda _title: arrived.set()), threading.Event(), dispatch.look

    def look(*given: object) -> object:
        for error in errors:
            raise error
        return find(*given)  # type: ignore[arg-type]

    monkeypatch.setattr(dispatch, "look", look)
    ended(store, worker)
    told = dispatcher(store, worker, sender)
    told.start()
    assert arrived.wait(60)
    told.close(60.0)
    said = capsys.readouterr().err
    assert said.count("the table is away; trying again") == 1
    assert "alerts: ValueError; trying again" in said and "s3cr3t" not in said


@pytest.mark.usefixtures("quick")
def test_a_worker_that_leaves_waits_a_bounded_time_for_its_message(store: Store, worker: int) -> None:
    tell(store)
    add(store, 1)
    ended(store, worker)
    begun, stopped = threading.Event(), threading.Event()

    class Stuck(KeptMessages):
        def send(self, url: str, title: str, body: str) -> Sent:
            begun.set()
            assert stopped.wait(60)
            return Sent("ended")

        def stop(self) -> None:
            stopped.set()

    told = dispatcher(store, worker, Stuck())
    told.start()
    assert begun.wait(60)
    told.close(0.0)
    assert stopped.is_set()
    later(store)
    next_one = KeptMessages()
    turn(dispatcher(store, worker, next_one))
    assert len(next_one.sent) == 1, "the next worker sends it"


@pytest.mark.usefixtures("quick")
def test_what_happens_while_the_last_message_is_under_way_is_sent_too(store: Store, worker: int) -> None:
    tell(store, "done")
    add(store, 2)
    ended(store, worker)
    begun, go = threading.Event(), threading.Event()

    class Slow(KeptMessages):
        def send(self, url: str, title: str, body: str) -> Sent:
            begun.set()
            assert go.wait(60)
            return super().send(url, title, body)

    sender = Slow()
    told = dispatcher(store, worker, sender)
    told.start()
    assert begun.wait(60)
    ended(store, worker)
    leaving = threading.Thread(target=told.close, args=(60.0,))
    leaving.start()

    def known() -> bool:
        with store.read() as session:
            return alerts.waiting(session) == 2

    until(known, what="the second event")
    go.set()
    leaving.join()
    assert [" · #1 " in title for title in sender.titles] == [True, False]


def test_an_address_that_a_worker_brings_is_not_in_the_table(store: Store, worker: int) -> None:
    add(store, 1)
    kept = KeptMessages(), KeptMessages()
    channels = [new_channel(URL, ("done",))]
    brings = [
        dispatch.Dispatcher(store, worker, channels, sender=lambda sender=each: sender) for each in kept
    ]
    for each in brings:
        turn(each, at_once=False)
    ended(store, worker)
    stranger = KeptMessages()
    turn(dispatcher(store, worker, stranger))
    assert stranger.sent == [], "it does not know the address"
    for each in brings:
        turn(each, at_once=False)
    assert [len(each.sent) for each in kept] == [1, 0]
    with store.read() as session:
        [row] = alerts.channels(session)
        assert (row.url, row.shown) == ("", SHOWN)


def test_an_address_that_does_not_answer_keeps_no_other_waiting(store: Store, worker: int) -> None:
    tell(store, url="json://slow.example.org/x")
    tell(store, url=URL)
    add(store, 1)
    ended(store, worker)
    answers, arrived = threading.Event(), threading.Event()

    class OneSlow(KeptMessages):
        def send(self, url: str, title: str, body: str) -> Sent:
            if url == URL:
                arrived.set()
            else:
                assert answers.wait(60)
            return super().send(url, title, body)

    sender = OneSlow()
    told = dispatcher(store, worker, sender)
    told.turn()
    assert arrived.wait(60)
    answers.set()
    told.wait(60)
    assert {url for url, _, _ in sender.sent} == {URL, "json://slow.example.org/x"}
