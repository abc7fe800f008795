"""`--slots auto` on the CPU: runs wait where more at once would not pay, and get the cores that are left to them."""

import os
from pathlib import Path

import pytest
from lab import Lab
from sqlalchemy import update
from stored_runs import add, claimed
from studies import train
from waiting import LIMIT_S

from engine.queries import throughput, waiting
from engine.store import queue, workers
from engine.store.database import Store
from engine.store.schema import epoch_table, run_table
from engine.worker import __main__ as main_module
from engine.worker import core_shares, cpu_slots, run_claims
from engine.worker.arguments import parse
from engine.worker.core_shares import CoreShares
from engine.worker.cpu_slots import CpuSlots
from engine.worker.find_device import Found
from engine.worker.run_claims import RunClaims

XEON = "a processor"
MEASURES = "waits while 2 runs at once are measured: they may be as fast as 4"


@pytest.fixture(autouse=True)
def four_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (core_shares, cpu_slots):
        monkeypatch.setattr(module, "usable_cores", lambda: 4)
    monkeypatch.setattr(core_shares, "affinity", lambda: 4)
    monkeypatch.setattr(run_claims, "LOOK_EVERY_S", 0.0)
    monkeypatch.setattr(cpu_slots, "LEARNS_EVERY_S", 0.0)


def enlist(store: Store) -> int:
    return workers.register(store, pid=os.getpid(), device="cpu", device_name=XEON)


def set_threads(store: Store, run_id: int, at_once: int, threads: int) -> None:
    environment = {"device": "cpu", "device_name": XEON, "threads": threads, "runs_at_once": at_once}
    with store.write() as session:
        session.execute(update(run_table).where(run_table.c.id == run_id).values(environment=environment))


def teach(
    store: Store, at_once: int, images_per_s: float, seen: int | None = None, **settings: object
) -> None:
    """A run has been trained as one of so many that shared four cores; `seen`: as its epochs have seen it."""
    add(store, seed=1000 + at_once, **settings)
    worker = enlist(store)
    held = claimed(store, worker)
    train(store, held, 2, skill=0.5)
    queue.end(store, held, "done")
    workers.leave(store, worker)
    set_threads(store, held.run_id, at_once, 4 // at_once)
    with store.write() as session:
        of_run = run_table.c.id == held.run_id
        session.execute(update(run_table).where(of_run).values(images_per_s=images_per_s))
        of_epochs = (epoch_table.c.run_id == held.run_id) & (epoch_table.c.epoch > 0)
        values = {"images_per_s": images_per_s, "runs_at_once": at_once if seen is None else seen}
        session.execute(update(epoch_table).where(of_epochs).values(values))


class Slot:
    """One of four workers of `--slots auto`."""

    def __init__(self, store: Store) -> None:
        self.store, self.id = store, enlist(store)
        pays = CpuSlots(XEON, 4, lambda: [os.getpid()])
        self.claims = RunClaims(
            store, self.id, Found("cpu", XEON, None), parse(["--of-slots", "4"]), pays=pays
        )
        self._shares = CoreShares(store, self.id, "cpu", pays=pays.count)

    def begin(self) -> tuple[int, int] | str | None:
        """Claim: the run's share of the cores and how many share them, or the reason why it waits."""
        held = self.claims.next(())
        if held is None:
            return self.claims.busy
        share = self._shares.share(held.run_id)
        set_threads(self.store, held.run_id, share.workers, share.free)
        return share.free, share.workers


def four_of(store: Store) -> list[Slot]:
    return [Slot(store) for _ in range(4)]


def begun(slots: list[Slot]) -> list[tuple[int, int] | str | None]:
    return [each.begin() for each in slots]


def test_all_slots_train_where_nothing_was_measured(store: Store) -> None:
    add(store, 6)
    assert begun(four_of(store)) == [(1, 4)] * 4


def test_half_as_many_are_tried_once_and_kept_where_they_make_as_much(store: Store) -> None:
    teach(store, 4, 10.0)
    add(store, 6)
    assert begun(four_of(store)) == [(2, 2), (2, 2), MEASURES, MEASURES]


def test_as_many_train_as_pay(store: Store) -> None:
    for at_once, images_per_s in ((4, 10.0), (2, 19.5)):
        teach(store, at_once, images_per_s)
    add(store, 6)
    reason = "waits: 2 runs at once are as fast together as more"
    slots = four_of(store)
    assert begun(slots) == [(2, 2), (2, 2), reason, reason]
    workers.beat(store, slots[2].id, state=reason, telemetry={})
    with store.read() as session:
        told = waiting.reasons(session)
    assert list(told.values()) == [reason, "1 ahead", "2 ahead", "3 ahead"]


def test_more_train_where_they_pay_and_a_run_alone_where_nothing_does(store: Store) -> None:
    for at_once, images_per_s in ((4, 10.0), (2, 18.0)):
        teach(store, at_once, images_per_s)
    add(store, 6)
    assert begun(four_of(store)) == [(1, 4)] * 4


def test_one_alone_is_learnt_from_runs_that_were_alone(store: Store) -> None:
    for at_once, images_per_s in ((4, 10.0), (2, 19.5), (1, 40.0)):
        teach(store, at_once, images_per_s)
    add(store, 6)
    waits = "waits: 1 run alone is as fast as more together"
    assert begun(four_of(store)) == [(4, 1), *[waits] * 3]


def test_runs_whose_company_changed_tell_nothing(store: Store) -> None:
    teach(store, 4, 10.0)
    teach(store, 2, 19.5, seen=4)
    add(store, 6)
    slots = four_of(store)
    assert begun(slots)[:3] == [(2, 2), (2, 2), MEASURES]


def test_other_recipes_do_not_push_out_what_was_learnt(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(throughput, "NEWEST", 2)
    for at_once, images_per_s in ((4, 10.0), (2, 19.5)):
        teach(store, at_once, images_per_s)
    for at_once in (4, 2):
        teach(store, at_once, 1.0, arch="resnet50")
    add(store, 6)
    slots = four_of(store)
    assert begun(slots)[:2] == [(2, 2), (2, 2)]
    assert [each.claims.waits_to_pay for each in slots] == [False, False, True, True], (
        "these need no warm process"
    )


def test_runs_of_other_workers_take_no_cores_from_the_slots(store: Store) -> None:
    """Another job on this host may have cores of its own."""
    add(store, 2)
    other = workers.register(store, pid=os.getppid(), device="cpu", device_name=XEON)
    set_threads(store, claimed(store, other).run_id, 1, 4)
    set_threads(store, claimed(store, other).run_id, 1, 4)
    add(store, 1, lr=0.5)
    assert Slot(store).begin() != "waits for cores: 2 runs train on all 4"


def test_a_run_that_is_removed_meanwhile_is_no_error(store: Store) -> None:
    add(store, 1)
    with store.read() as session:
        assert CpuSlots(XEON, 4, list).count(session, 99) == 4


def test_other_recipes_begin_anew(store: Store) -> None:
    for at_once, images_per_s in ((4, 10.0), (2, 19.5)):
        teach(store, at_once, images_per_s)
    add(store, 6, arch="resnet50")
    assert begun(four_of(store)) == [(1, 4)] * 4


def test_runs_wait_for_cores_but_one_alone_gets_company(store: Store) -> None:
    slots = four_of(store)
    add(store, 1)
    assert slots[0].begin() == (4, 1)
    add(store, 6, lr=0.5)
    assert slots[1].begin() == (1, 4)
    assert begun(slots[2:]) == ["waits for cores: 2 runs train on all 4"] * 2


def test_runs_that_wait_for_cores_are_no_free_workers_to_the_forecast(store: Store) -> None:
    for at_once, images_per_s in ((4, 10.0), (2, 19.5)):
        teach(store, at_once, images_per_s)
    add(store, 3)
    slots = four_of(store)
    for each in slots:
        said = each.begin()
        workers.beat(store, each.id, state=said if isinstance(said, str) else "running", telemetry={})
    with store.read() as session:
        told = waiting.waits(session)
    [third] = [each for each in told.values() if each.reason]
    assert third.starts is not None
    assert third.starts[1] >= min(each.ends[1] for each in told.values() if each.ends and not each.reason)


@pytest.mark.parametrize(("slots", "flags"), [("auto", ["--slots-that-pay"]), ("2", [])])
def test_only_slots_of_no_number_learn(
    slots: str, flags: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given: list[list[str]] = []
    monkeypatch.setattr(main_module.all_devices, "lead", lambda _d, argv, **_: given.append(argv) or 0)
    begin = ["--home", str(tmp_path), "--slots", slots, "--device", "cpu"]
    assert main_module.main(begin) == 0
    assert given == [[*begin, *flags]] and parse([*begin, *flags]).slots_that_pay is bool(flags)


def test_slots_of_no_number_train_a_queue(lab: Lab) -> None:
    runs = [lab.add(epochs=1, seed=seed) for seed in range(3)]
    parent = lab.start_worker("--drain", "--slots", "auto", "--device", "cpu")
    _, said = parent.communicate(timeout=LIMIT_S)
    assert parent.returncode == 0, said
    with lab.store.read() as session:
        rows = session.execute(run_table.select().where(run_table.c.id.in_(runs))).all()
    assert [row.status for row in rows] == ["done"] * 3
    assert all(row.environment["runs_at_once"] for row in rows)
