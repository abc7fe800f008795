"""Undoing the newest edit, and the journal that remembers it."""

from sqlalchemy import text
from stored_runs import SPEC, add, claimed, ended, get, rows

from engine.files.paths import Home
from engine.spec.grid import make_spec
from engine.store import edit_journal, listing, queue
from engine.store.add import Batch, add_batches, add_runs
from engine.store.claims import Claim
from engine.store.database import Store
from engine.store.edits import notes_and_tags, order, pausing
from engine.store.edits.remove import remove
from engine.store.edits.retry import retry
from engine.store.edits.settings import edit_settings
from engine.store.edits.undo import undo
from engine.store.extension import extend_run


def test_undo_gives_back_no_spec_or_status_that_does_not_fit_the_runs_around(
    store: Store, home: Home
) -> None:
    add(store)
    add_runs(store, [make_spec({"data": "digits", "pretrained": "run:1"})])
    queue.ask(store, [2], "cancel")
    edit_settings(store, home, [1], {"arch": "resnet50"})
    add_runs(store, [make_spec({"data": "digits", "arch": "resnet50", "pretrained": "run:1"})])
    with store.write() as session:  # as if it had been claimed and put back
        session.execute(text("UPDATE run SET attempt = 1 WHERE id = 3"))
    assert undo(store) is not None
    left = [undone.left for undone in (undo(store), undo(store)) if undone is not None]
    assert left == [
        {1: "run 3 starts from run 1 and could not from a resnet18"},
        {2: "run 1 has another network now: its weights do not fit a resnet18"},
    ]
    assert (get(store, 1).arch, get(store, 2).status) == ("resnet50", "cancelled")


def test_undo_gives_the_rows_back_and_then_the_edit_before(store: Store, worker: int, home: Home) -> None:
    add(store, 4, schedule="constant")
    ended(store, worker, "failed", "disk")
    ended(store, worker, epochs=10)
    states = [rows(store)]
    edits = [
        lambda: order.set_priority(store, [3, 4], 2),
        lambda: order.move(store, [4], "up"),
        lambda: order.move(store, [3], "top"),
        lambda: queue.ask(store, [3, 4], "pause"),
        lambda: pausing.resume(store, [3]),
        lambda: queue.ask(store, [3, 4], "cancel"),
        lambda: retry(store, home, [1, 3]),
        lambda: edit_settings(store, home, [3], {"lr": 0.3, "pretrained": "run:2"}),
        lambda: notes_and_tags.set_note(store, [1, 2], "n"),
        lambda: notes_and_tags.tag(store, [1, 2], add=["t"]),
        lambda: extend_run(store, 2, 20),
        lambda: add(store, 2),
    ]
    for each in edits:
        each()
        states.append(rows(store))
    assert all(a != b for a, b in zip(states, states[1:], strict=False))
    for before in reversed(states[:-1]):
        undone = undo(store)
        assert undone is not None and undone.restored and not undone.left
        assert rows(store) == before
    assert undo(store) is not None and rows(store)[2:] == []  # the very first add; the trained ones stay
    assert undo(store) is None


def test_undo_restores_only_what_has_not_changed_since(store: Store, worker: int) -> None:
    add(store, 3)
    queue.ask(store, [2, 3], "pause")
    pausing.resume(store, [2, 3])
    held = claimed(store, worker)
    queue.end(store, held, "done")
    claimed(store, worker)
    undone = undo(store)
    assert undone is not None and undone.text == "resume runs 2-3"
    assert undone.restored == [3] and undone.left == {2: "it has changed since"}
    assert (get(store, 2).status, get(store, 3).status) == ("running", "paused")


def test_undo_of_an_add_removes_what_nobody_claimed_or_needs(store: Store, worker: int) -> None:
    add_batches(store, [Batch([SPEC]), Batch([SPEC]), Batch([SPEC]), Batch([SPEC])])
    queue.put_back(store, claimed(store, worker))
    queue.ask(store, [3], "pause")
    add_runs(store, [SPEC], after=[4])
    with store.write() as session:  # as if the journal had lost the newer edits
        session.execute(text("DELETE FROM edit WHERE verb != 'add' OR id > 2"))
    undone = undo(store)
    assert undone is not None and undone.restored == [2]
    assert undone.left == {1: "it was claimed", 3: "it is paused", 4: "run 5 waits for it"}
    with store.read() as session:
        assert listing.run_ids(session) == {1, 3, 4, 5}


def test_undo_of_a_label_holds_though_the_run_has_trained(store: Store, worker: int) -> None:
    add(store)
    notes_and_tags.set_note(store, [1], "before")
    ended(store, worker)
    undone = undo(store)
    assert undone is not None and undone.restored == [1]
    assert (get(store, 1).note, get(store, 1).status) == ("", "done")


def test_undo_takes_a_request_back_and_says_that_it_may_be_late(store: Store, worker: int) -> None:
    add(store)
    held = claimed(store, worker)
    queue.ask(store, [1], "cancel")
    undone = undo(store)
    assert undone is not None and undone.withdrawn == [1] and queue.renew(store, held) is None
    queue.ask(store, [1], "cancel")
    queue.end(store, held, "cancelled")
    undone = undo(store)
    assert (
        undone is not None
        and undone.left == {1: "it has changed since"}
        and get(store, 1).status == "cancelled"
    )


def test_a_request_that_was_taken_back_does_not_return_to_a_run_that_has_ended(
    store: Store, worker: int
) -> None:
    add(store)
    held = claimed(store, worker)
    queue.ask(store, [1], "pause")
    pausing.resume(store, [1])
    queue.end(store, held, "done")
    undone = undo(store)
    assert undone is not None and undone.left == {1: "it has changed since"}
    assert (get(store, 1).status, get(store, 1).request) == ("done", None)


def test_undo_of_a_paused_queue(store: Store, worker: int) -> None:
    add(store)
    pausing.pause_queue(store)
    undone = undo(store)
    assert undone is not None and undone.restored == [edit_journal.QUEUE]
    assert claimed(store, worker) == Claim(1, 1)


def test_undo_says_where_a_run_that_was_waited_for_is_gone(store: Store, home: Home) -> None:
    add(store)
    add_runs(store, [make_spec({"data": "digits", "pretrained": "run:1"})])
    edit_settings(store, home, [2], {"pretrained": "none"})
    remove(store, home, [1])
    assert undo(store) is not None
    undone = undo(store)
    assert undone is not None and undone.left == {2: "run 1, which it waited for, is gone"}
    assert get(store, 2).pretrained == "none"


def test_the_journal_keeps_the_newest_hundred(store: Store) -> None:
    add(store)
    for number in range(edit_journal.KEPT + 5):
        notes_and_tags.set_note(store, [1], str(number))
    for number in reversed(range(4, edit_journal.KEPT + 4)):
        assert undo(store) is not None
        assert get(store, 1).note == str(number)
    assert undo(store) is None


def test_an_edit_that_changes_nothing_is_not_noted(store: Store) -> None:
    add(store)
    order.set_priority(store, [1], 3)
    order.set_priority(store, [1], 3)
    undone = undo(store)
    assert undone is not None and get(store, 1).priority == 0
