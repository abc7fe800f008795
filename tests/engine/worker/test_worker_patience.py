"""A worker whose run table is out of reach for a moment after a run."""

import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from types import SimpleNamespace

import pytest
from sqlmodel import Session

from engine.files.paths import Home
from engine.spec.grid import make_spec
from engine.store import listing, queue, workers
from engine.store.add import add_runs
from engine.store.claims import Claim
from engine.store.database import Store
from engine.store.errors import StoreError
from engine.store.schema import run_table, worker_table
from engine.worker import left_behind, training_process
from engine.worker import worker as module
from engine.worker.arguments import parse
from engine.worker.endings import STORE_UNUSABLE
from engine.worker.left_behind import DRAIN_IDLE_S, Draining, LostRuns
from engine.worker.training_process import RECORD_TRIES, Tolerance
from engine.worker.worker import PATIENCE_S, Worker, enlist

SPEC = make_spec({"data": "digits"})
LONG_RUN_S = 6 * PATIENCE_S
HANDLED = (
    signal.SIGCHLD, signal.SIGHUP, signal.SIGINT, signal.SIGTERM, signal.SIGUSR1, signal.SIGUSR2,
)  # fmt: skip


@pytest.fixture(autouse=True)
def signals_as_before() -> Iterator[None]:
    """A worker takes the signals of its process, which is this one here."""
    before = {number: signal.getsignal(number) for number in HANDLED}
    yield
    signal.set_wakeup_fd(-1)
    for number, handler in before.items():
        signal.signal(number, handler)


class Clock:
    """Time that passes only in runs and in pauses."""

    def __init__(self) -> None:
        self.now = 1000.0

    def pass_s(self, seconds: float) -> None:
        self.now += seconds


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    for each in (module, left_behind):
        monkeypatch.setattr(each, "time", SimpleNamespace(monotonic=lambda: clock.now, time=time.time))
    return clock


class Outage:
    """Transactions of the store that fail: the next `left` ones."""

    left = 0

    def over(self, transaction):  # type: ignore[no-untyped-def]
        def tried(store: Store) -> AbstractContextManager[Session]:
            if self.left:
                self.left -= 1
                raise StoreError("the run table is out of reach")
            return transaction(store)  # type: ignore[no-any-return]

        return tried


@pytest.fixture
def outage(monkeypatch: pytest.MonkeyPatch) -> Outage:
    outage = Outage()
    for name in ("read", "write"):
        monkeypatch.setattr(Store, name, outage.over(getattr(Store, name)))
    return outage


def long_runs(
    store: Store, home: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch, outage: Outage, failing: int
) -> tuple[Worker, list[int]]:
    """A worker for two runs of three, and those that it has trained; an outage begins at the end of each."""
    add_runs(store, [SPEC] * 3)
    worker = enlist(store, Home.find(home), parse(["--device", "cpu", "--max-runs", "2"]))
    trained: list[int] = []

    def train(held: Claim) -> None:
        trained.append(held.run_id)
        clock.pass_s(LONG_RUN_S)
        outage.left = failing

    monkeypatch.setattr(worker, "_train", train)
    monkeypatch.setattr(worker, "_doze", clock.pass_s)
    return worker, trained


@pytest.mark.parametrize("failing", [1, 3])
def test_a_moments_outage_after_a_long_run_ends_no_worker_and_the_run_counts(
    store: Store,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    clock: Clock,
    outage: Outage,
    failing: int,
) -> None:
    worker, trained = long_runs(store, tmp_path, clock, monkeypatch, outage, failing)
    monkeypatch.setattr("engine.worker.worker.workers.leave", lambda *_: None)
    worker.serve()
    assert trained == [1, 2]
    said = capfd.readouterr().err
    assert "run 1 ended, but its row cannot be read: the run table is out of reach" in said
    assert ("trying again" in said) == (failing > 1)


def test_patience_with_the_table_ends(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, clock: Clock, outage: Outage
) -> None:
    worker, trained = long_runs(store, tmp_path, clock, monkeypatch, outage, failing=10**9)
    began = clock.now
    with pytest.raises(StoreError):
        worker.serve()
    assert trained == [1] and PATIENCE_S < clock.now - began - LONG_RUN_S < 2 * PATIENCE_S


def test_an_outage_at_the_end_of_a_run_is_no_failure_of_it_and_no_lost_worker(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, clock: Clock, outage: Outage
) -> None:
    """Two attempts that could not use the table. In the first the worker cannot either until the lease has expired;
    in the second it can, so that one counts."""
    run_id = add_runs(store, [SPEC]).ids[0]
    worker = enlist(store, Home.find(tmp_path), parse(["--device", "cpu", "--max-runs", "2"]))
    outages = iter([RECORD_TRIES + 3, 0])

    def start(_log: object) -> "subprocess.Popen[bytes]":
        process = subprocess.Popen(["sh", "-c", f"exit {STORE_UNUSABLE}"], stdin=subprocess.PIPE)
        process.wait()
        with store.write() as session:
            session.execute(run_table.update().values(lease_expires_s=0.0))
        outage.left = next(outages)
        return process

    monkeypatch.setattr(training_process, "RECORD_PAUSE_S", 0.0)
    monkeypatch.setattr(worker._spares, "take", start)
    monkeypatch.setattr(worker, "_doze", clock.pass_s)
    worker.serve()
    with store.read() as session:
        run = listing.get_run(session, run_id)
    assert (run.status, run.attempt, run.failures) == ("queued", 2, 1)


def test_a_dead_workers_run_goes_before_the_rest_of_the_queue(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, clock: Clock, outage: Outage
) -> None:
    add_runs(store, [SPEC])
    gone = workers.register(store, pid=2**22 + 1, device="cpu", device_name="gone")
    assert queue.claim(store, gone) is not None
    worker, trained = long_runs(store, tmp_path, clock, monkeypatch, outage, failing=0)
    worker.serve()
    assert trained == [1, 2]
    with store.read() as session:
        assert listing.get_run(session, 1).attempt == 2


def test_after_an_outage_others_may_renew_before_their_leases_tell_anything(
    store: Store, clock: Clock, outage: Outage
) -> None:
    """Two runs of other hosts whose leases ran out during an outage: one is renewed after it, the other is not."""
    add_runs(store, [SPEC] * 2)
    held = [queue.claim(store, workers.register(store, pid=1, device="cpu", device_name="x")) for _ in "ab"]
    with store.write() as session:
        session.execute(worker_table.update().values(host_id="elsewhere/1"))
    lost = LostRuns(store, 15.0)
    lost.look()
    outage.left = 1
    clock.pass_s(5.0)
    with pytest.raises(StoreError):
        lost.look_if_due()
    with store.write() as session:
        session.execute(run_table.update().values(lease_expires_s=0.0))
    clock.pass_s(20.0)
    lost.look_if_due()
    assert statuses(store) == ["running"] * 2
    assert held[0] is not None
    queue.renew(store, held[0])
    for _ in range(3):
        clock.pass_s(5.1)
        lost.look_if_due()
    assert statuses(store) == ["running", "queued"]


def test_a_draining_worker_leaves_others_to_their_last_runs(store: Store, clock: Clock) -> None:
    add_runs(store, [SPEC] * 2)
    other = workers.register(store, pid=1, device="cpu", device_name="x")
    assert queue.claim(store, other) is not None
    draining = Draining(store)
    clock.pass_s(2 * DRAIN_IDLE_S)
    assert not draining.is_done(), "a run waits"
    assert queue.claim(store, other) is not None
    assert not draining.is_done()
    clock.pass_s(DRAIN_IDLE_S - 1)
    assert not draining.is_done(), "one of the others' runs may come back"
    draining.begin_again()
    clock.pass_s(2)
    assert not draining.is_done()
    clock.pass_s(DRAIN_IDLE_S + 1)
    assert draining.is_done()


def test_an_error_that_comes_again_is_logged_once_a_minute(
    clock: Clock, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(training_process, "time", module.time)
    tolerance = Tolerance()
    for number in range(6):
        with tolerance:
            raise StoreError("gone")
        with tolerance:
            pass  # nothing was due
        if number < 4:
            clock.pass_s(20.0)
    with tolerance:
        raise StoreError("another")
    said = [line for line in capfd.readouterr().err.splitlines() if "trying again" in line]
    assert len(said) == 3 and "another" in said[2] and tolerance.has_failed


def statuses(store: Store) -> list[str]:
    with store.read() as session:
        return [run.status for run in listing.list_runs(session)]
