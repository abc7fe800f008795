"""Workers of containers and hosts that share a name are told apart."""

import os

import pytest
from sqlalchemy import text
from stored_runs import SPEC

from engine.hardware import processes
from engine.store import queue, workers
from engine.store.add import add_runs
from engine.store.database import Store
from engine.store.workers import DeviceTaken

HERE = "boot-1/pid:[1]"
SAME_MACHINE, ELSEWHERE = "boot-1/pid:[2]", "boot-2/pid:[1]"
GONE_PID = 2**22 + 1
"""Above the largest number of a process."""


def host(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setattr(processes, "host_id", lambda: name)


def test_this_host_has_one_identity() -> None:
    assert processes.host_id() == processes.host_id() != processes.host_name()
    assert processes.machine_of(processes.host_id()) in processes.started(os.getpid())


@pytest.mark.parametrize(
    ("other", "is_dead"), [(HERE, True), (SAME_MACHINE, False), (ELSEWHERE, False), ("", True)]
)
def test_a_process_that_is_not_here_is_dead_where_it_could_be_seen(
    store: Store, monkeypatch: pytest.MonkeyPatch, other: str, is_dead: bool
) -> None:
    """Hosts of one name: the run of a worker whose process cannot be seen keeps its lease."""
    add_runs(store, [SPEC])
    host(monkeypatch, other)
    worker = workers.register(store, pid=GONE_PID, device="cpu", device_name="test")
    held = queue.claim(store, worker)
    host(monkeypatch, HERE)
    assert workers.dead_here(store) == ([worker] if is_dead else [])
    returned = queue.expire_leases(store, dead_workers=workers.dead_here(store))
    assert held is not None and returned == ([1] if is_dead else [])


def test_a_card_of_this_machine_is_taken_while_its_workers_heart_beats(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    host(monkeypatch, SAME_MACHINE)
    card = {"device": "cuda:0", "device_name": "test", "device_uuid": "GPU-1"}
    workers.register(store, pid=GONE_PID, **card)  # type: ignore[arg-type]
    host(monkeypatch, ELSEWHERE)
    workers.register(store, pid=GONE_PID, **card)  # type: ignore[arg-type]
    host(monkeypatch, HERE)
    with pytest.raises(DeviceTaken):
        workers.register(store, pid=os.getpid(), **card)  # type: ignore[arg-type]
    assert workers.taken_cards(store) == ["GPU-1"]
    with store.write() as session:
        session.execute(text("UPDATE worker SET seen_s = 0"))
    assert workers.taken_cards(store) == []
    workers.register(store, pid=os.getpid(), **card)  # type: ignore[arg-type]
    with store.write() as session:
        session.execute(text("UPDATE worker SET seen_s = 0"))
    assert workers.taken_cards(store) == ["GPU-1"], "a living process of this host holds its card"
