"""Events in the run table are told once each, by whichever worker, and nothing stops a worker."""

import threading
from collections.abc import Iterator

import pytest
from sqlalchemy import text
from stored_runs import add, claimed, ended
from studies import BASELINE, stay, train
from told import SHOWN, URL, KeptMessages, dispatcher, later, tell

from engine.alerts import dispatch
from engine.alerts.sender import Sent
from engine.alerts.stall import StallWatch
from engine.alerts.stalls import Stalls
from engine.analysis.finding import Finding
from engine.files.paths import Home
from engine.hardware import processes
from engine.spec.grid import make_spec
from engine.store import alerts, history, people, queue, workers
from engine.store.add import add_runs
from engine.store.database import Store, open_store
from engine.store.edits.remove import remove
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


def turn(store: Store, worker: int, sender: KeptMessages) -> None:
    """Look and send, as a worker that leaves does."""
    dispatcher(store, worker, sender).turn(at_once=True)


def test_a_run_that_is_done_is_told_with_its_numbers(store: Store, worker: int, sender: KeptMessages) -> None:
    tell(store, "done")
    sweep(store, 2)
    ended(store, worker)
    turn(store, worker, sender)
    [(url, title, body)] = sender.sent
    assert url == URL
    assert title == f"{HOST} · lrs · #1 resnet18 none lr 0.01: done, test_acc .8657 (baseline {BASE})"
    assert body == f"best epoch 2: test_acc .8657 (baseline {BASE})"
    turn(store, worker, sender)
    assert len(sender.sent) == 1


def test_the_new_best_of_a_sweep_is_told_with_its_end_or_alone(
    store: Store, worker: int, sender: KeptMessages
) -> None:
    tell(store, "best")
    sweep(store, 3)
    for skill in (0.5, 0.9, 0.7):
        held = claimed(store, worker)
        train(store, held, 2, skill=skill)
        queue.end(store, held, "done")
        turn(store, worker, sender)
    [title] = sender.titles
    assert title.startswith(
        f"{HOST} · lrs · #2 resnet18 none lr 0.01: done, new best of 2 in lrs, test_acc .97"
    )


def test_a_failure_says_why_and_what_to_do(store: Store, worker: int, sender: KeptMessages) -> None:
    tell(store, "failed", "finding")
    sweep(store)
    held = claimed(store, worker)
    train(store, held, 2, skill=0.0)
    queue.end(
        store, held, "failed", cause="diverged", error="the loss is not finite", suggestion="try lr 0.001"
    )
    turn(store, worker, sender)
    [title], [body] = sender.titles, sender.bodies
    assert title == f"{HOST} · lrs · #1 resnet18 none lr 0.01: failed, diverged: the loss is not finite"
    assert body.splitlines() == [
        "epoch 2 of 10 was its last",
        f"best epoch 1: test_acc {BASE} (baseline {BASE})",
        "to do: try lr 0.001",
        "more: resnet-tui show 1",
    ]
    queue.claim(store, worker)
    turn(store, worker, sender)
    assert len(sender.sent) == 1


def test_a_finding_of_an_error_is_told_while_the_run_trains_and_once(
    store: Store, worker: int, sender: KeptMessages
) -> None:
    tell(store)
    sweep(store)
    held = claimed(store, worker)
    train(store, held, 2, skill=0.0)
    told = dispatcher(store, worker, sender)
    told.turn(at_once=True)
    history.record_progress(store, held, step=99, images_per_s=1.0, losses=[])
    told.turn(at_once=True)
    turn(store, worker, sender)
    [title], [body] = sender.titles, sender.bodies
    assert title == f"{HOST} · lrs · #1 resnet18 none lr 0.01: collapsed (epoch 2 of 10)"
    assert body == "collapsed: epoch 2: all but 0.00 answered 0\nto do: try lr 0.01"


def test_a_warning_is_no_alert(store: Store, worker: int, sender: KeptMessages) -> None:
    tell(store, "finding")
    sweep(store)
    held = claimed(store, worker)
    train(store, held, 1, skill=0.5)
    found = Finding("overfitting", "warning", "overfitting", "train .9, test .7").as_json()
    judged = history.Judgement(
        "overfitting", "", "", findings=[found], headline="overfitting", severity="warning"
    )
    history.record_judgement(store, held, judged)
    turn(store, worker, sender)
    assert sender.sent == []


def test_the_end_of_the_queue_counts_what_happened(store: Store, worker: int, sender: KeptMessages) -> None:
    tell(store, "empty")
    sweep(store, 3)
    stay(store)
    ended(store, worker)
    ended(store, worker, "failed", "diverged")
    turn(store, worker, sender)
    assert sender.sent == [], "one is left"
    ended(store, worker)
    turn(store, worker, sender)
    assert sender.titles == [f"{HOST} · queue empty: 2 done, 1 failed (#2 diverged)"]
    assert sender.bodies[0].startswith("best of lrs: #1 resnet18 none lr 0.01, test_acc .86")
    sweep(store, 1)
    turn(store, worker, sender)
    ended(store, worker)
    turn(store, worker, sender)
    assert sender.titles[1:] == [f"{HOST} · queue empty: 1 done"]


def test_the_end_of_a_sweep_is_told_to_its_address_alone(
    store: Store, worker: int, sender: KeptMessages
) -> None:
    tell(store, "empty", sweep="lrs")
    sweep(store, 1)
    add(store, 1)
    ended(store, worker)
    turn(store, worker, sender)
    assert sender.titles == [f"{HOST} · all runs of lrs have ended: 1 done"]
    ended(store, worker)
    turn(store, worker, sender)
    assert len(sender.sent) == 1


def test_runs_that_nothing_lets_begin_do_not_keep_the_queue_from_being_empty(
    store: Store, worker: int, sender: KeptMessages
) -> None:
    tell(store, "empty")
    stay(store)
    add(store, 1)
    add_runs(store, [make_spec({"data": "digits"})], after=[1])
    ended(store, worker, "failed", "code")
    turn(store, worker, sender)
    assert sender.titles == [f"{HOST} · queue empty: 1 failed (#1 code)"]
    assert sender.bodies == ["not begun: run 2 (resnet-tui ls says what each waits for)"]


def test_a_removed_run_makes_the_queue_not_empty_again(
    store: Store, worker: int, sender: KeptMessages, tmp_path_factory: pytest.TempPathFactory
) -> None:
    tell(store, "empty")
    add(store, 2)
    ended(store, worker)
    ended(store, worker)
    turn(store, worker, sender)
    remove(store, Home.find(tmp_path_factory.mktemp("home")), [2])
    history_note(store, 1)
    turn(store, worker, sender)
    assert len(sender.sent) == 1


def history_note(store: Store, run_id: int) -> None:
    """Write to a run that has ended: it is looked at again."""
    from engine.store.edits.notes_and_tags import set_note

    set_note(store, [run_id], "looked at")


def test_many_runs_become_one_message(store: Store, worker: int, sender: KeptMessages) -> None:
    tell(store)
    sweep(store, 30)
    told = dispatcher(store, worker, sender)
    for number in range(30):
        ended(store, worker, *(("failed", "diverged") if number % 10 == 0 else ("done",)))  # type: ignore[arg-type]
        if number == 0:
            told.turn()
    told.turn()
    assert len(sender.sent) == 1, "the second one waits for a minute"
    later(store)
    told.turn()
    first, second = sender.titles
    assert first == f"{HOST} · lrs · #1 resnet18 none lr 0.01: failed, diverged: why"
    assert second == f"{HOST} · 2 failed (#11, #21), queue empty, 27 done"
    body = sender.bodies[1].splitlines()
    assert body[0] == "lrs · #11 resnet18 none lr 0.01: failed, diverged: why"
    assert sum(map(len, body)) < 2000 and body[-1].startswith(("and 10 more", "the rest"))


def test_nothing_of_before_an_address_was_added_is_told(
    store: Store, worker: int, sender: KeptMessages
) -> None:
    add(store, 3)
    ended(store, worker)
    tell(store)
    history_note(store, 1)
    turn(store, worker, sender)
    assert sender.sent == []
    ended(store, worker)
    turn(store, worker, sender)
    assert sender.titles == [f"{HOST} · #2 resnet18 none lr 0.01: done, test_acc .8657 (baseline {BASE})"]


def test_a_run_that_is_retried_is_told_of_again(store: Store, worker: int, sender: KeptMessages) -> None:
    tell(store, "failed")
    add(store)
    ended(store, worker, "failed", "disk")
    turn(store, worker, sender)
    with store.write() as session:
        session.execute(text("UPDATE run SET status = 'queued', ended_at = NULL"))
    ended(store, worker, "failed", "disk")
    turn(store, worker, sender)
    assert len(sender.sent) == 2


def test_a_run_that_a_user_cancels_is_no_news_to_him(store: Store, worker: int, sender: KeptMessages) -> None:
    tell(store)
    add(store)
    ended(store, worker, "cancelled")
    turn(store, worker, sender)
    assert sender.sent == []


def test_a_stalled_run_is_told_with_what_is_usual(store: Store, worker: int, sender: KeptMessages) -> None:
    tell(store, "stalled")
    sweep(store)
    held = claimed(store, worker)
    train(store, held, 2, skill=0.5)
    stalls = Stalls(worker, StallWatch(times=0.0, least_s=0.0))
    told = dispatcher(store, worker, sender, stalls)
    for step in range(41, 47):
        history.record_progress(store, held, step=step, images_per_s=1.0, losses=[])
        told.turn(at_once=True)
    assert sender.sent == []
    told.turn(at_once=True)
    told.turn(at_once=True)
    [title], [body] = sender.titles, sender.bodies
    assert title.startswith(f"{HOST} · lrs · #1 resnet18 none lr 0.01: stalled, no step for ")
    lines = body.splitlines()
    assert "times the usual: the longest pause between two steps of this attempt was " in lines[0]
    assert lines[1] == "step 46, epoch 2 of 10 completed" and lines[3].startswith(
        "to do: look at resnet-tui log 1;"
    )
    history.record_progress(store, held, step=47, images_per_s=1.0, losses=[])
    told.turn(at_once=True)
    told.turn(at_once=True)
    assert len(sender.sent) == 2, "it has stalled again, elsewhere"


def test_each_user_is_told_of_their_own_runs(
    store: Store, worker: int, sender: KeptMessages, monkeypatch: pytest.MonkeyPatch
) -> None:
    if store.path is not None:
        pytest.skip("a file is nobody's")
    for user in ("ann", "bob"):
        monkeypatch.setattr(people, "user_name", lambda user=user: user)
        tell(store, "done", "empty", url=f"json://{user}.example.org/x")
        add(store)
    stay(store)
    ended(store, worker)
    turn(store, worker, sender)
    assert [(url, title.partition(": ")[0]) for url, title, _ in sender.sent] == [
        ("json://ann.example.org/x", f"{HOST} · queue empty, 1 done")
    ]


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
            one.turn(at_once=True)
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
    tell(store)
    add(store, 2)

    class Killed(BaseException):
        pass

    def die(_title: str) -> None:
        raise Killed

    ended(store, worker)
    first = KeptMessages(die)
    with pytest.raises(Killed):
        turn(store, worker, first)
    second = KeptMessages()
    turn(store, worker, second)
    assert second.sent == [], "the first may still be at it"
    later(store)
    turn(store, worker, second)
    assert second.titles == first.titles
    assert second.bodies[0].splitlines()[-1] == "perhaps a repeat: the worker that was sending this was lost"
    turn(store, worker, second)
    assert len(second.sent) == 1


def test_an_end_that_no_worker_saw_is_told_by_the_next_one(
    store: Store, worker: int, sender: KeptMessages
) -> None:
    tell(store, "failed")
    add(store)
    claimed(store, worker)
    with store.write() as session:
        session.execute(text("UPDATE run SET max_attempts = 1"))
    queue.expire_leases(store, dead_workers=[worker])
    turn(store, workers.register(store, pid=2, device="cpu", device_name="test"), sender)
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
    told.turn()
    told.turn()
    assert len(sender.sent) == 1, "it waits"
    said = capsys.readouterr().err
    assert f"alerts to {SHOWN}: the service answered with error 500; trying again in 10 s" in said
    assert "s3cr3t" not in said
    later(store)
    told.turn()
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
    turn(store, worker, next_one)
    assert len(next_one.sent) == 1, "the next worker sends it"


def test_an_address_that_a_worker_brings_is_not_in_the_table(store: Store, worker: int) -> None:
    from engine.alerts.channel import new_channel

    add(store, 1)
    brings = [
        dispatch.Dispatcher(store, worker, [new_channel(URL, ("done",))], sender=KeptMessages()) for _ in "ab"
    ]
    for each in brings:
        each.turn()
    ended(store, worker)
    stranger = KeptMessages()
    turn(store, worker, stranger)
    assert stranger.sent == [], "it does not know the address"
    for each in brings:
        each.turn()
    kept = [each._sender for each in brings]
    assert [len(each.sent) for each in kept if isinstance(each, KeptMessages)] == [1, 0]
    with store.read() as session:
        [row] = alerts.channels(session)
        assert (row.url, row.shown) == ("", SHOWN)
