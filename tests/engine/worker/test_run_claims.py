"""A worker that shares its card: what it sees of the card, what it claims, and what its row says meanwhile."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from shared_cards import CARD_GB, NAME, add, claimed, enlist, teach

from engine.hardware.telemetry import CardProcess, HostCard, NvidiaState
from engine.queries import waiting
from engine.store import workers
from engine.store.card_claims import CardLook
from engine.store.database import ChangeWatch, Store
from engine.worker import run_claims
from engine.worker.arguments import parse
from engine.worker.card_look import look_at
from engine.worker.find_device import Found
from engine.worker.run_claims import RunClaims

FOUND = Found("cuda:0", NAME, "GPU-cuda:0")
PARENTS = {100: 10, 101: 100, 200: 20, 10: 1, 20: 1, 300: 1}


def lineage(pid: int) -> Iterator[int]:
    while pid:
        yield pid
        pid = PARENTS.get(pid, 0)


def card(*processes: CardProcess, used_gb: float | None = 0.4) -> HostCard:
    return HostCard(NAME, "GPU-cuda:0", CARD_GB, used_gb, processes)


@pytest.mark.parametrize(
    ("seen", "expected"),
    [
        (card(), CardLook({}, 0.4)),
        (
            card(CardProcess(100, 10.0), CardProcess(101, 2.0), CardProcess(200, 5.0), used_gb=17.6),
            CardLook({1: 12.0, 2: 5.0}, 0.6),
        ),
        (card(CardProcess(100, 10.0), CardProcess(300, 30.0), used_gb=40.5), CardLook({1: 10.0}, 30.5)),
        (card(CardProcess(100, 10.0), CardProcess(300, 30.0), used_gb=39.0), CardLook({1: 10.0}, 30.0)),
        (card(CardProcess(100, 10.0), CardProcess(300, 30.0), used_gb=None), CardLook({1: 10.0}, 30.0)),
        (card(CardProcess(100), CardProcess(300), used_gb=25.0), CardLook({}, 25.0)),
        (card(CardProcess(100, 10.0), CardProcess(200), used_gb=25.0), CardLook({1: 10.0}, 15.0)),
    ],
)
def test_what_is_not_told_of_our_processes_counts_as_others(seen: HostCard, expected: CardLook) -> None:
    found = look_at(seen, {10: 1, 20: 2}, lineage)
    assert found.by_worker == expected.by_worker
    assert found.elsewhere_gb == pytest.approx(expected.elsewhere_gb)


class Driver:
    """Stand-in for the driver, which counts how often it is asked."""

    def __init__(self) -> None:
        self.cards: tuple[HostCard, ...] = (card(),)
        self.asked = 0

    def __call__(self) -> NvidiaState:
        self.asked += 1
        return NvidiaState(self.cards, "580.1", 13000, None)


@pytest.fixture
def driver() -> Driver:
    return Driver()


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run_claims, "LOOK_EVERY_S", 0.0)
    monkeypatch.setattr(workers, "_known_dead", lambda _row: False)


def sharing(store: Store, driver: Driver, worker: int, *flags: str) -> RunClaims:
    return RunClaims(store, worker, FOUND, parse(["--of-slots", "3", *flags]), driver)


def test_a_run_waits_for_its_memory_and_the_worker_and_the_run_say_so(store: Store, driver: Driver) -> None:
    teach(store, 40.0)
    first, second, third = (add(store, seed=seed) for seed in range(3))
    one, two = enlist(store), enlist(store, pid=os.getpid())
    claimed(store, one)
    claims = sharing(store, driver, two)
    reason = f"waits for 44.6 GiB of cuda:0: 35.0 free beside #{first}"
    assert claims.next(()) is None and claims.busy == reason
    workers.beat(store, two, state=claims.busy, telemetry={})
    with store.read() as session:
        assert waiting.reasons(session) == {second: reason, third: "1 ahead"}
    workers.beat(store, two, state="running", telemetry={})
    with store.read() as session:
        assert waiting.reasons(session) == {second: "next", third: "1 ahead"}


def test_our_own_processes_are_told_from_others(store: Store, driver: Driver) -> None:
    """This process is a worker's, and so is what it holds; of another it is too much to begin beside."""
    teach(store, 10.0)
    wanted = add(store)
    driver.cards = (card(CardProcess(os.getpid(), 75.0), used_gb=75.4),)
    other = enlist(store, pid=1)
    claims = sharing(store, driver, other)
    assert claims.next(()) is None and "4.6 free beside others' 75.4" in (claims.busy or "")
    mine = enlist(store, pid=os.getpid())
    claimed(store, mine)
    add(store, seed=1)
    assert (
        claims.next(()) is None and claims.busy == f"waits for 11.6 GiB of cuda:0: 4.6 free beside #{wanted}"
    )


def test_a_bound_of_the_users_holds_back_every_run(store: Store, driver: Driver) -> None:
    teach(store, 10.0)
    add(store)
    driver.cards = (card(CardProcess(1, 6.0), used_gb=6.4),)
    worker = enlist(store, pid=os.getpid())
    bounded = sharing(store, driver, worker, "--others", "5")
    assert bounded.next(()) is None and bounded.busy == "waits: others hold 6.4 GiB of cuda:0"
    assert sharing(store, driver, worker).next(()) is not None


def test_a_card_that_the_driver_does_not_show_gets_no_run(store: Store, driver: Driver) -> None:
    add(store)
    driver.cards = ()
    claims = sharing(store, driver, enlist(store, pid=os.getpid()))
    assert claims.next(()) is None and claims.busy == "waits: the driver does not show cuda:0 now"


def test_the_driver_is_asked_for_runs_only_and_not_more_often_than_it_should(
    store: Store, driver: Driver, monkeypatch: pytest.MonkeyPatch
) -> None:
    teach(store, 90.0)
    claims = sharing(store, driver, enlist(store, pid=os.getpid()))
    assert claims.next(()) is None and (claims.busy, driver.asked) == (None, 0)
    add(store), add(store)
    monkeypatch.setattr(run_claims, "LOOK_EVERY_S", 1e9)
    assert claims.next(()) is not None and driver.asked == 1
    assert claims.next(()) is None and driver.asked == 1
    claims.look_soon()
    assert claims.next(()) is None and driver.asked == 2 and "to train alone" in (claims.busy or "")


def test_slots_need_a_driver_that_tells_the_cards_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, store: Store
) -> None:
    from engine.files.paths import Home
    from engine.worker import worker
    from engine.worker.find_device import WorkerError

    monkeypatch.setattr(worker, "find_device", lambda *_: FOUND)
    with pytest.raises(WorkerError, match="the driver does not tell the memory of cuda:0: leave --slots out"):
        worker.enlist(store, Home.find(tmp_path), parse(["--of-slots", "2"]))


def test_a_worker_without_a_run_to_claim_writes_nothing(store: Store) -> None:
    """It asks several times a second: another's write would wait for it, and it for that."""
    worker = workers.register(store, pid=os.getpid(), device="cpu", device_name="test")
    claims = RunClaims(store, worker, Found("cpu", "test", None), parse([]))
    watch = ChangeWatch(store)
    before = watch.version()
    with store.write():
        assert claims.next(()) is None
    assert watch.version() == before
    watch.close()
    run_id = add(store)
    found = claims.next(())
    assert found is not None and found.run_id == run_id
