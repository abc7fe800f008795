"""Events in the run table, and the words in which they are told."""

import pytest
from sqlalchemy import text
from stored_runs import add, claimed, ended
from studies import BASELINE, stay, train
from told import URL, KeptMessages, dispatcher, later, tell, turn

from engine.alerts.stall import StallWatch
from engine.alerts.stalls import Stalls
from engine.analysis.finding import Finding
from engine.files.paths import Home
from engine.hardware import processes
from engine.spec.grid import make_spec
from engine.store import history, people, queue
from engine.store.add import add_runs
from engine.store.database import Store
from engine.store.edits.notes_and_tags import set_note
from engine.store.edits.remove import remove
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


def test_a_run_that_is_done_is_told_with_its_numbers(store: Store, worker: int, sender: KeptMessages) -> None:
    tell(store, "done")
    sweep(store, 2)
    ended(store, worker)
    turn(dispatcher(store, worker, sender))
    [(url, title, body)] = sender.sent
    assert url == URL
    assert title == f"{HOST} · lrs · #1 resnet18 none lr 0.01: done, test_acc .8657 (baseline {BASE})"
    assert body == f"best epoch 2: test_acc .8657 (baseline {BASE})"
    turn(dispatcher(store, worker, sender))
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
        turn(dispatcher(store, worker, sender))
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
    turn(dispatcher(store, worker, sender))
    [title], [body] = sender.titles, sender.bodies
    assert title == f"{HOST} · lrs · #1 resnet18 none lr 0.01: failed, diverged: the loss is not finite"
    assert body.splitlines() == [
        "epoch 2 of 10 was its last",
        f"best epoch 1: test_acc {BASE} (baseline {BASE})",
        "to do: try lr 0.001",
        "more: resnet-tui show 1",
    ]
    queue.claim(store, worker)
    turn(dispatcher(store, worker, sender))
    assert len(sender.sent) == 1


def test_a_finding_of_an_error_is_told_while_the_run_trains_and_once(
    store: Store, worker: int, sender: KeptMessages
) -> None:
    tell(store)
    sweep(store)
    held = claimed(store, worker)
    train(store, held, 2, skill=0.0)
    told = dispatcher(store, worker, sender)
    turn(told)
    history.record_progress(store, held, step=99, images_per_s=1.0, losses=[])
    turn(told)
    turn(dispatcher(store, worker, sender))
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
    turn(dispatcher(store, worker, sender))
    assert sender.sent == []


def test_the_end_of_the_queue_counts_what_happened(store: Store, worker: int, sender: KeptMessages) -> None:
    tell(store, "empty")
    sweep(store, 3)
    stay(store)
    ended(store, worker)
    ended(store, worker, "failed", "diverged")
    turn(dispatcher(store, worker, sender))
    assert sender.sent == [], "one is left"
    ended(store, worker)
    turn(dispatcher(store, worker, sender))
    assert sender.titles == [f"{HOST} · queue empty: 2 done, 1 failed (#2 diverged)"]
    assert sender.bodies[0].startswith("best of lrs: #1 resnet18 none lr 0.01, test_acc .86")
    sweep(store, 1)
    turn(dispatcher(store, worker, sender))
    ended(store, worker)
    turn(dispatcher(store, worker, sender))
    assert sender.titles[1:] == [f"{HOST} · queue empty: 1 done"]


def test_the_end_of_a_sweep_is_told_to_its_address_alone(
    store: Store, worker: int, sender: KeptMessages
) -> None:
    tell(store, "empty", sweep="lrs")
    sweep(store, 1)
    add(store, 1)
    ended(store, worker)
    turn(dispatcher(store, worker, sender))
    assert sender.titles == [f"{HOST} · all runs of lrs have ended: 1 done"]
    ended(store, worker)
    turn(dispatcher(store, worker, sender))
    assert len(sender.sent) == 1


def test_runs_that_nothing_lets_begin_do_not_keep_the_queue_from_being_empty(
    store: Store, worker: int, sender: KeptMessages
) -> None:
    tell(store, "empty")
    stay(store)
    add(store, 1)
    add_runs(store, [make_spec({"data": "digits"})], after=[1])
    ended(store, worker, "failed", "code")
    turn(dispatcher(store, worker, sender))
    assert sender.titles == [f"{HOST} · queue empty: 1 failed (#1 code)"]
    assert sender.bodies == ["not begun: run 2 (resnet-tui ls says what each waits for)"]


def test_a_removed_run_makes_the_queue_not_empty_again(
    store: Store, worker: int, sender: KeptMessages, tmp_path_factory: pytest.TempPathFactory
) -> None:
    tell(store, "empty")
    add(store, 2)
    ended(store, worker)
    ended(store, worker)
    turn(dispatcher(store, worker, sender))
    remove(store, Home.find(tmp_path_factory.mktemp("home")), [2])
    set_note(store, [1], "so that it is looked at again")
    turn(dispatcher(store, worker, sender))
    assert len(sender.sent) == 1


def test_many_runs_become_one_message(store: Store, worker: int, sender: KeptMessages) -> None:
    tell(store)
    sweep(store, 30)
    told = dispatcher(store, worker, sender)
    for number in range(30):
        ended(store, worker, *(("failed", "diverged") if number % 10 == 0 else ("done",)))  # type: ignore[arg-type]
        if number == 0:
            turn(told, at_once=False)
    turn(told, at_once=False)
    assert len(sender.sent) == 1, "the second one waits for a minute"
    later(store)
    turn(told, at_once=False)
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
    set_note(store, [1], "so that it is looked at again")
    turn(dispatcher(store, worker, sender))
    assert sender.sent == []
    ended(store, worker)
    turn(dispatcher(store, worker, sender))
    assert sender.titles == [f"{HOST} · #2 resnet18 none lr 0.01: done, test_acc .8657 (baseline {BASE})"]


def test_a_run_that_is_retried_is_told_of_again(store: Store, worker: int, sender: KeptMessages) -> None:
    tell(store, "failed")
    add(store)
    ended(store, worker, "failed", "disk")
    turn(dispatcher(store, worker, sender))
    with store.write() as session:
        session.execute(text("UPDATE run SET status = 'queued', ended_at = NULL"))
    ended(store, worker, "failed", "disk")
    turn(dispatcher(store, worker, sender))
    assert len(sender.sent) == 2


def test_a_run_that_a_user_cancels_is_no_news_to_him(store: Store, worker: int, sender: KeptMessages) -> None:
    tell(store)
    add(store)
    ended(store, worker, "cancelled")
    turn(dispatcher(store, worker, sender))
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
        turn(told)
    assert sender.sent == []
    turn(told)
    turn(told)
    [title], [body] = sender.titles, sender.bodies
    assert title.startswith(f"{HOST} · lrs · #1 resnet18 none lr 0.01: stalled, no step for ")
    lines = body.splitlines()
    assert "times the usual: pauses between two steps took up to " in lines[0]
    assert lines[1] == "step 46, epoch 2 of 10 completed" and lines[3].startswith(
        "to do: look at resnet-tui log 1;"
    )
    history.record_progress(store, held, step=47, images_per_s=1.0, losses=[])
    turn(told)
    turn(told)
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
    turn(dispatcher(store, worker, sender))
    assert [(url, title.partition(": ")[0]) for url, title, _ in sender.sent] == [
        ("json://ann.example.org/x", f"{HOST} · queue empty, 1 done")
    ]


def test_the_best_of_a_sweep_is_of_those_that_one_metric_chose(
    store: Store, worker: int, sender: KeptMessages
) -> None:
    tell(store, "best")
    specs = [
        make_spec({"data": "digits", "select_on": each}) for each in ("test_acc", "test_kappa", "test_kappa")
    ]
    add_runs(store, specs, sweep="lrs")
    for skill in (0.9, 0.3, 0.4):
        held = claimed(store, worker)
        train(store, held, 2, skill=skill)
        queue.end(store, held, "done")
        turn(dispatcher(store, worker, sender))
    [title] = sender.titles
    assert " · #3 " in title and "done, new best of 2 in lrs, test_kappa" in title
