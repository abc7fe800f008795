"""Use of devices in the run table: of attempts until the end, gone with their training; of workers that are there."""

from pathlib import Path

import pytest
from stored_runs import add, claimed

from engine.files.paths import Home
from engine.hardware.system_history import Series
from engine.store import listing, queue, workers
from engine.store.claims import Claim
from engine.store.database import Store
from engine.store.edits.remove import remove
from engine.store.edits.retry import retry
from engine.store.errors import LeaseLost
from engine.store.system_use import UseMark, read_hours, read_mark, read_use, record_hour, record_use


def series(*values: float | None) -> Series:
    return Series(1.0, {"cpu_percent": list(values)})


def used(store: Store) -> list[tuple[int, float, list[float | None]]]:
    with store.read() as session:
        found = read_use(session, 1)
    return [(use.attempt, use.seconds, list(use.series.columns["cpu_percent"])) for use in found]


def test_each_record_replaces_that_of_its_attempt_and_tells_readers(store: Store, worker: int) -> None:
    add(store)
    held = claimed(store, worker)
    record_use(store, held, 2.0, series(1.0))
    with store.read() as session:
        changed, mark = listing.change_of(session, 1), read_mark(session, 1)
    record_use(store, held, 12.5, series(1.0, None))
    with store.read() as session:
        assert listing.change_of(session, 1) > changed
        assert (mark, read_mark(session, 1)) == (UseMark(1, 2.0), UseMark(1, 12.5))
    queue.put_back(store, held)
    again = claimed(store, worker)
    record_use(store, again, 1.0, series(7.0))
    assert used(store) == [(1, 12.5, [1.0, None]), (2, 1.0, [7.0])]
    with store.read() as session:
        assert read_mark(session, 1) == UseMark(2, 13.5) and read_mark(session, 2) == UseMark(0, 0.0)


def test_the_end_is_recorded_after_the_run_has_ended_but_not_over_a_later_attempt(
    store: Store, worker: int
) -> None:
    add(store)
    held = claimed(store, worker)
    queue.end(store, held, "cancelled")
    record_use(store, held, 3.0, series(1.0))
    assert used(store) == [(1, 3.0, [1.0])]
    retry(store, Home.find(Path("/nowhere")), [1])
    claimed(store, worker)
    for late in (held, Claim(9, 1)):
        with pytest.raises(LeaseLost):
            record_use(store, late, 9.0, series(2.0))
    assert used(store) == [(1, 3.0, [1.0])]


@pytest.mark.parametrize("how", ["fresh", "remove"])
def test_it_goes_with_the_training(store: Store, worker: int, tmp_path: Path, how: str) -> None:
    add(store)
    held = claimed(store, worker)
    record_use(store, held, 3.0, series(1.0))
    queue.end(store, held, "failed", cause="code")
    if how == "fresh":
        retry(store, Home.find(tmp_path), [1], fresh=True)
    else:
        remove(store, Home.find(tmp_path), [1])
    assert used(store) == []


def test_the_hour_of_a_worker_is_kept_until_it_has_gone(store: Store, worker: int) -> None:
    other = workers.register(store, pid=2, device="cpu", device_name="test")
    record_hour(store, worker, series(1.0))
    record_hour(store, worker, series(1.0, 2.0))
    record_hour(store, other, series(3.0))
    with store.read() as session:
        assert read_hours(session, [worker]) == {worker: series(1.0, 2.0)} and read_hours(session, []) == {}
    workers.leave(store, worker)
    workers.register(store, pid=3, device="cpu", device_name="test")
    with store.read() as session:
        assert read_hours(session, [worker, other]) == {other: series(3.0)}
