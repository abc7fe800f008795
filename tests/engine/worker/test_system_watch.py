"""The watch of a worker over its device: what it samples, how fast training goes, and when it writes."""

from collections.abc import Callable
from typing import Any

import pytest
from stored_runs import add, claimed

from engine.hardware.telemetry import CpuTelemetry
from engine.store import queue, workers
from engine.store.database import Store
from engine.store.schema import run_table
from engine.store.system_use import read_hours, read_use
from engine.worker import system_watch
from engine.worker.system_watch import SystemWatch, speed

CARD = {"gpu_percent": 93.0, "memory_gb": 12.0, "memory_total_gb": 80.0, "temperature_c": 61.0}


@pytest.fixture
def worker(store: Store) -> int:
    return workers.register(store, pid=1, device="cpu", device_name="test")


class Card:
    def read(self) -> dict[str, Any]:
        return dict(CARD)


@pytest.fixture
def now(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    host = {"cpu_percent": 40.0, "load": 1.0, "memory_gb": 8.0, "memory_total_gb": 64.0}
    monkeypatch.setattr(CpuTelemetry, "read", lambda _self: dict(host))
    return [1_000.0]


def watch(store: Store, worker: int, now: list[float], device: str = "cpu") -> SystemWatch:
    return SystemWatch(store, worker, device, None, clock=lambda: now[0])


def pass_by(
    watched: SystemWatch, now: list[float], seconds: int, each: Callable[[], None] = lambda: None
) -> None:
    for _ in range(seconds):
        watched.sample()
        watched.write_if_due()
        now[0] += 1
        each()


def columns(store: Store) -> dict[str, list[float | None]]:
    with store.read() as session:
        (use,) = read_use(session, 1)
    return {key: list(values) for key, values in use.series.columns.items()}


def test_an_attempt_has_its_device_host_and_speed(
    store: Store, worker: int, now: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    add(store)
    monkeypatch.setattr(system_watch.telemetry, "reader", lambda _device, _uuid: Card())
    watched, counts = watch(store, worker, now, "cuda:0"), {"images": 0.0, "seconds": 0.0, "data_wait_s": 0.0}
    held, told = claimed(store, worker), [counts]

    def train() -> None:
        last = told[-1]
        told.append({"images": last["images"] + 50, "seconds": last["seconds"] + 0.5, "data_wait_s": 0.0})

    watched.begin(held, lambda: told[-1])
    assert watched.sample() == CARD, "the heartbeat's is the card's own"
    now[0] += 1
    train()
    pass_by(watched, now, 3, train)
    queue.end(store, held, "done")
    watched.end()
    watched.end()  # none is under way
    assert columns(store) == {
        "gpu_percent": [93.0] * 4, "gpu_memory_gb": [12.0] * 4, "gpu_temperature_c": [61.0] * 4,
        "cpu_percent": [40.0] * 4, "memory_gb": [8.0] * 4,
        "images_per_s": [None, 100.0, 100.0, 100.0], "data_wait_share": [None, 0.0, 0.0, 0.0],
    }  # fmt: skip


def test_it_writes_after_two_seconds_and_then_every_ten(
    store: Store, worker: int, now: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    add(store)
    written: list[float] = []
    hours: list[float] = []
    monkeypatch.setattr(system_watch, "record_use", lambda *_: written.append(now[0] - 1_000))
    monkeypatch.setattr(system_watch, "record_hour", lambda *_: hours.append(now[0] - 1_000))
    watched = watch(store, worker, now)
    watched.begin(claimed(store, worker), lambda: None)
    pass_by(watched, now, 45)
    assert written == [2, 12, 22, 32, 42] and hours == [10, 40]


def test_another_workers_attempt_is_left_alone(store: Store, worker: int, now: list[float]) -> None:
    add(store)
    watched = watch(store, worker, now)
    watched.begin(claimed(store, worker), lambda: None)
    pass_by(watched, now, 3)
    with store.write_rows() as session:
        session.execute(run_table.update().values(attempt=2))
    pass_by(watched, now, 30)
    watched.end()
    with store.read() as session:
        (use,) = read_use(session, 1)
    assert (use.attempt, use.seconds) == (1, 2.0)


def test_an_idle_worker_has_an_hour(store: Store, worker: int, now: list[float]) -> None:
    watched = watch(store, worker, now)
    pass_by(watched, now, 11)
    with store.read() as session:
        assert read_hours(session, [worker])[worker].columns == {"cpu_percent": [40.0], "memory_gb": [8.0]}


def counted(images: float, seconds: float, wait: float = 0.0) -> dict[str, float]:
    return {"images": images, "seconds": seconds, "data_wait_s": wait}


@pytest.mark.parametrize(
    ("before", "after", "images_per_s", "wait"),
    [
        (None, None, None, None),
        (None, counted(64, 2.0, 0.5), 32.0, 0.25),
        (counted(64, 2.0), counted(64, 2.0), None, None),  # an evaluation
        (counted(64, 2.0, 0.5), counted(96, 6.0, 4.5), 8.0, 1.0),
        (counted(900, 40.0, 3.0), counted(30, 0.5, 0.1), 60.0, 0.2),  # another epoch
        (counted(64, 2.0), None, None, None),
    ],
)
def test_the_speed_between_two_counts(
    before: dict[str, float] | None,
    after: dict[str, float] | None,
    images_per_s: float | None,
    wait: float | None,
) -> None:
    found = speed(before, after)
    assert found.get("images_per_s") == images_per_s
    assert (
        found.get("data_wait_share") == pytest.approx(wait)
        if wait is not None
        else "data_wait_share" not in found
    )
