"""Watch of a worker over its device and its host: what the heartbeat says, and histories of it in the run table."""

import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

from engine.hardware import telemetry
from engine.hardware.system_history import HOUR_POINTS, HOUR_S, History, Values, hour
from engine.hardware.telemetry import CpuTelemetry
from engine.store.claims import Claim
from engine.store.database import Store
from engine.store.errors import LeaseLost
from engine.store.system_use import record_hour, record_use

FIRST_WRITE_S, WRITE_EVERY_S = 2.0, 10.0
"""Seconds of an attempt after which its history is written first, and between two writes."""
OF_CARD = {"gpu_percent": "gpu_percent", "memory_gb": "gpu_memory_gb", "temperature_c": "gpu_temperature_c"}
"""Quantities of a history by the names that telemetry has for a card."""
OF_HOST = ("cpu_percent", "memory_gb")

Counts = Mapping[str, float]


class SystemWatch:
    """Samples once a heartbeat. The history of an attempt begins with its claim; of several cards the first is read."""

    def __init__(
        self,
        store: Store,
        worker_id: int,
        device: str,
        uuid: str | None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._store, self._worker_id, self._clock = store, worker_id, clock
        self._device = telemetry.reader(device, uuid)
        self._host = None if isinstance(self._device, CpuTelemetry) else CpuTelemetry()
        self._hour, self._began_s = hour(), clock()
        self._next_hour_s = self._began_s + WRITE_EVERY_S
        self._attempt: _Attempt | None = None

    def begin(self, held: Claim, counts: Callable[[], Counts | None]) -> None:
        """Begin the history of an attempt; `counts` gives the newest `Run.training_counts` that is known."""
        self._attempt = _Attempt(held, counts, self._clock())

    def sample(self) -> dict[str, Any]:
        """Read the device and the host, add them to the histories, and return the device's telemetry."""
        now, told = self._clock(), self._device.read()
        host = told if self._host is None else self._host.read()
        values: dict[str, float | None] = {key: host.get(key) for key in OF_HOST}
        if self._host is not None:
            values |= {key: told.get(name) for name, key in OF_CARD.items()}
        self._hour.add(now - self._began_s, values)
        if self._attempt is not None:
            self._attempt.add(now, values)
        return told

    def write_if_due(self) -> None:
        """Write the histories whose time has come. Raises StoreError."""
        now = self._clock()
        if now >= self._next_hour_s:
            self._next_hour_s = now + HOUR_S / HOUR_POINTS
            record_hour(self._store, self._worker_id, self._hour.series())
        if self._attempt is not None and now >= self._attempt.next_write_s:
            self._attempt.write(self._store, now)

    def end(self) -> None:
        """Write the end of the attempt's history. Raises StoreError."""
        attempt, self._attempt = self._attempt, None
        if attempt is not None:
            attempt.write(self._store, self._clock())


class _Attempt:
    """Attempt in training."""

    def __init__(self, held: Claim, counts: Callable[[], Counts | None], now: float) -> None:
        self._held, self._counts, self._began_s = held, counts, now
        self._history, self._before = History(), counts()
        self.next_write_s = now + FIRST_WRITE_S

    def add(self, now: float, values: Values) -> None:
        before, self._before = self._before, self._counts()
        self._history.add(now - self._began_s, {**values, **speed(before, self._before)})

    def write(self, store: Store, now: float) -> None:
        self.next_write_s = now + WRITE_EVERY_S
        with suppress(LeaseLost):  # the run was removed, or another worker has it
            record_use(store, self._held, round(now - self._began_s, 3), self._history.series())


def speed(before: Counts | None, now: Counts | None) -> dict[str, float]:
    """Return images_per_s and data_wait_share between two counts; nothing where no time of training lies between them,
    as while an epoch is evaluated. Where an epoch has begun since, its own counts tell."""
    if now is None or now == before:
        return {}
    if before is None or now["seconds"] < before["seconds"] or now["images"] < before["images"]:
        before = dict.fromkeys(now, 0.0)
    seconds = now["seconds"] - before["seconds"]
    if seconds <= 0:
        return {}
    return {
        "images_per_s": (now["images"] - before["images"]) / seconds,
        "data_wait_share": min(max(now["data_wait_s"] - before["data_wait_s"], 0.0) / seconds, 1.0),
    }
