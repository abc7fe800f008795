"""Times of attempts in the run table: fenced, summed over attempts, gone with the training that they belong to."""

from pathlib import Path

import pytest
from stored_runs import add, claimed

from engine.files.paths import Home
from engine.store import history, queue
from engine.store.attempt_times import read_time_line
from engine.store.claims import Claim
from engine.store.database import Store
from engine.store.edits.remove import remove
from engine.store.edits.retry import retry
from engine.store.errors import LeaseLost


def seconds(store: Store, run_id: int = 1) -> dict[str, float]:
    with store.read() as session:
        line = read_time_line(session, run_id)
    return {each.phase.value: each.seconds for each in line.phases} if line is not None else {}


def test_each_record_replaces_the_times_of_its_attempt_and_attempts_add_up(store: Store, worker: int) -> None:
    add(store)
    assert seconds(store) == {}
    held = claimed(store, worker)
    history.record_checkpoint(store, held, times={"training": 1.0})
    history.record_checkpoint(store, held, times={"training": 4.0, "list": 1.0})
    assert seconds(store) == {"list": 1, "training": 4}
    queue.put_back(store, held, times={"training": 5.0, "list": 1.0})
    again = claimed(store, worker)
    queue.end(store, again, "done", times={"training": 2.0})
    assert seconds(store) == {"list": 1, "training": 7}


def test_who_lost_the_run_writes_no_times(store: Store, worker: int) -> None:
    add(store)
    old = claimed(store, worker)
    queue.put_back(store, old)
    claimed(store, worker)
    for late in (
        lambda: history.record_checkpoint(store, old, times={"training": 9.0}),
        lambda: queue.end(store, old, "done", times={"training": 9.0}),
        lambda: queue.put_back(store, Claim(1, 1), times={"training": 9.0}),
    ):
        with pytest.raises(LeaseLost):
            late()
    assert seconds(store) == {}


@pytest.mark.parametrize("how", ["fresh", "remove"])
def test_they_go_with_the_training(store: Store, worker: int, tmp_path: Path, how: str) -> None:
    add(store)
    home = Home.find(tmp_path)
    queue.end(store, claimed(store, worker), "failed", cause="code", times={"training": 3.0})
    if how == "fresh":
        retry(store, home, [1], fresh=True)
    else:
        remove(store, home, [1])
    assert seconds(store) == {}
