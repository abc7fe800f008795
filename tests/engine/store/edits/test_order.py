"""Moving runs in the queue."""

import pytest
from sqlalchemy import event, text
from stored_runs import add, claimed, get, in_order, rows

from engine.store import queue
from engine.store.database import Store
from engine.store.edits import order, pausing
from engine.store.edits.undo import undo
from engine.store.errors import QueueError
from engine.store.tables import POSITION_GAP


def test_a_move_swaps_with_the_neighbour_of_its_priority(store: Store) -> None:
    add(store, 4)
    order.move(store, [3], "up")
    assert in_order(store) == [1, 3, 2, 4]
    order.move(store, [1], "down")
    assert in_order(store) == [3, 1, 2, 4]
    order.move(store, [2, 4], "up")
    assert in_order(store) == [3, 2, 4, 1]
    order.move(store, [3, 2], "bottom")
    assert in_order(store) == [4, 1, 3, 2]
    order.move(store, [3, 2], "top")
    assert in_order(store) == [3, 2, 4, 1]
    order.set_priority(store, [1], 5)
    assert in_order(store) == [1, 3, 2, 4]
    before = rows(store)
    with pytest.raises(
        QueueError, match="run 3 is the first of priority 0: resnet-tui priority 3 N gives it a higher"
    ):
        order.move(store, [2, 3], "up")
    with pytest.raises(QueueError, match="run 4 is the last of priority 0"):
        order.move(store, [4], "down")
    assert rows(store) == before


def test_a_paused_run_keeps_its_place_and_can_be_moved(store: Store) -> None:
    add(store, 3)
    queue.ask(store, [2], "pause")
    order.move(store, [3], "up")
    pausing.resume(store, [2])
    assert in_order(store) == [3, 2, 1]
    queue.ask(store, [1], "pause")
    order.move(store, [1], "top")
    pausing.resume(store, [1])
    assert in_order(store) == [1, 3, 2]


def test_a_gap_that_is_used_up_is_made_again(store: Store) -> None:
    add(store, 4)
    with store.write() as session:
        session.execute(text("UPDATE run SET position = 7 WHERE id > 1"))
    order.move(store, [4], "up")
    assert in_order(store) == [2, 4, 3, 1]
    places = [get(store, run_id).position for run_id in (2, 4, 3, 1)]
    assert [b - a for a, b in zip(places, places[1:], strict=False)] == [POSITION_GAP] * 3
    undone = undo(store)
    assert undone is not None and sorted(undone.restored) == [1, 3, 4]
    assert [get(store, run_id).position for run_id in (2, 3, 4)] == [7, 7, 7]


def test_only_waiting_runs_have_a_place(store: Store, worker: int) -> None:
    add(store, 2)
    claimed(store, worker)
    with pytest.raises(QueueError, match="run 1 is running: only a waiting run can be moved"):
        order.move(store, [1], "up")
    queue.ask(store, [2], "cancel")
    with pytest.raises(QueueError, match="run 2 is cancelled: it waits for nothing"):
        order.set_priority(store, [1, 2], 3)
    assert get(store, 1).priority == 0
    with pytest.raises(QueueError, match="out of range"):
        order.set_priority(store, [1], 10**9)


def test_many_runs_that_are_moved_to_an_end_are_read_once(store: Store) -> None:
    add(store, 30)
    ids = in_order(store)
    seen: list[str] = []
    event.listen(store.engine, "before_cursor_execute", lambda *of: seen.append(of[2]))
    scans = []
    for some in (ids[10:12], ids[10:]):
        seen.clear()
        order.move(store, some, "top")
        scans.append(sum("ORDER BY run.priority" in each or "min(" in each for each in seen))
    assert scans == [1, 1]
    assert in_order(store) == [*ids[10:], *ids[:10]]
