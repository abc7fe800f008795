"""A run table that is out of reach makes a training wait, not end."""

import sqlite3
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from engine.files.paths import Home
from engine.spec.grid import make_spec
from engine.store import database, history, queue, workers
from engine.store.add import add_runs
from engine.store.backends import sqlite
from engine.store.database import open_store
from engine.store.errors import LeaseLost, StoreError
from engine.time_line import PhaseClock
from engine.training import process, store_retry
from engine.training.attempt import Attempt
from engine.training.epoch_sums import EpochSums
from engine.training.loss_curve import Bucket
from engine.training.store_recorder import StoreRecorder

SPEC = make_spec({"data": "digits"})


@pytest.fixture(autouse=True)
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sqlite, "BUSY_TIMEOUT_S", 0.01)
    monkeypatch.setattr(store_retry, "PAUSE_S", 0.001)


def recording(folder: Path) -> tuple[database.Store, StoreRecorder, sqlite3.Connection]:
    """A claimed run's recorder, and another connection that can hold the table."""
    store = open_store(f"sqlite:///{folder}/runs.db")
    add_runs(store, [SPEC])
    held = queue.claim(store, workers.register(store, pid=1, device="cpu", device_name="x"))
    assert held is not None
    other = sqlite3.connect(folder / "runs.db", isolation_level=None)
    return store, StoreRecorder(store, held, SPEC, {}), other


def test_a_training_waits_for_a_locked_table_and_says_so_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store, recorder, other = recording(tmp_path)
    said: list[str] = []
    tries = 0
    transaction = database.Store.write_rows

    def write(self: database.Store):  # type: ignore[no-untyped-def]
        nonlocal tries
        tries += 1
        if tries == 3:
            other.execute("ROLLBACK")
        return transaction(self)

    monkeypatch.setattr(database.Store, "write_rows", write)
    monkeypatch.setattr(store_retry, "log", said.append)
    for act in (recorder.checkpoint, lambda: recorder.fence().__enter__()):
        other.execute("BEGIN IMMEDIATE")
        tries, said[:] = 0, []
        act()
        assert tries == 3 and len(said) == 1 and said[0].endswith("the training waits and tries again")
    store.close()


def bucket(number: int) -> Bucket:
    return Bucket(number, 1, 0.5, 0.5, 0.5, 0.5)


def test_a_training_goes_on_through_an_outage_and_writes_its_losses_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store, recorder, other = recording(tmp_path)
    said: list[str] = []
    monkeypatch.setattr(store_retry, "log", said.append)

    def numbers() -> list[int]:
        with store.read() as session:
            return [loss.bucket for loss in history.losses_of(session, 1)]

    now_s = 100.0
    monkeypatch.setattr(store_retry.time, "monotonic", lambda: now_s)
    recorder.progress(1, EpochSums(), [bucket(0)], 1)
    other.execute("BEGIN IMMEDIATE")
    recorder.progress(2, EpochSums(), [bucket(1)], 1)
    recorder.progress(3, EpochSums(), [bucket(2)], 1)  # at once: not even tried
    other.execute("ROLLBACK")
    assert numbers() == [0] and len(said) == 1 and said[0].endswith("the training goes on and writes later")
    recorder.progress(4, EpochSums(), [bucket(3)], 1)
    assert numbers() == [0]
    now_s += store_retry.PAUSE_S
    recorder.progress(5, EpochSums(), [bucket(4)], 1)
    assert numbers() == [0, 1, 2, 3, 4]
    other.execute("BEGIN IMMEDIATE")
    recorder.progress(6, EpochSums(), [bucket(5)], 1)
    other.execute("ROLLBACK")
    recorder.catch_up()
    assert numbers() == [0, 1, 2, 3, 4, 5] and len(said) == 2
    store.close()


def test_a_slow_table_is_written_more_seldom() -> None:
    """A write of 100 ms leaves room for the next after 1.9 s, one of 2 ms after 40 ms, one of 5 s after 10 s."""
    now_s, written = 100.0, []

    def write_in(seconds: float) -> Callable[[], None]:
        def write() -> None:
            nonlocal now_s
            now_s += seconds
            written.append(now_s)

        return write

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(store_retry.time, "monotonic", lambda: now_s)
        tries = store_retry.Tries()
        for seconds, pause_s in ((0.1, 1.9), (0.002, 0.038), (5.0, 10.0)):
            tries.attempt(write_in(seconds))
            count = len(written)
            now_s += pause_s - 0.001
            tries.attempt(write_in(0.0))
            assert len(written) == count
            now_s += 0.002
    assert len(written) == 3


def test_patience_ends_and_a_lost_lease_needs_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store_retry, "PATIENCE_S", 0.0)

    def unreachable() -> None:
        raise StoreError("gone")

    def lost() -> None:
        raise LeaseLost("run 1")

    with pytest.raises(StoreError):
        store_retry.patiently(unreachable)
    with pytest.raises(LeaseLost):
        store_retry.patiently(lost)


def failing_twice(call: Any) -> Any:
    left = [None, None]

    def tried(*given: Any, **more: Any) -> Any:
        if left:
            left.pop()
            raise StoreError("gone for a moment")
        return call(*given, **more)

    return tried


def test_a_training_process_waits_for_the_table_before_it_begins(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = Home.find(tmp_path)
    store = open_store(home.database)
    add_runs(store, [SPEC])
    held = queue.claim(store, workers.register(store, pid=1, device="cpu", device_name="x"))
    store.close()
    ran: list[Attempt] = []
    monkeypatch.setattr(process, "open_store", failing_twice(process.open_store))
    monkeypatch.setattr(database.Store, "read", failing_twice(database.Store.read))
    monkeypatch.setattr(Attempt, "run", lambda attempt: ran.append(attempt))
    channel: Any = SimpleNamespace(wait_for_run=lambda: held, clock=PhaseClock())
    assert process._train(home, channel, "cpu", profiles=False) == 0 and len(ran) == 1
