"""History of each worker's device: telemetry samples and their sparklines. Pure."""

from collections import deque
from collections.abc import Iterable, Sequence

from tui.snapshot import WorkerView

KEPT = 120
"""Samples kept of a gauge: two minutes, at one heartbeat per second."""
BARS = "▁▂▃▄▅▆▇█"
Sample = tuple[float | None, float | None, float | None, float | None]


class WorkerHistory:
    """Telemetry samples by worker; samples of workers that are gone are dropped."""

    def __init__(self) -> None:
        self._samples: dict[int, deque[Sample]] = {}
        self._seen: dict[int, float] = {}

    def take(self, workers: Iterable[WorkerView]) -> None:
        there = {worker.id: worker for worker in workers}
        for gone in self._samples.keys() - there.keys():
            del self._samples[gone], self._seen[gone]
        for worker_id, worker in there.items():
            if self._seen.get(worker_id) != worker.seen_s:
                self._seen[worker_id] = worker.seen_s
                self._samples.setdefault(worker_id, deque(maxlen=KEPT)).append(worker.gauges)

    def of(self, worker_id: int, gauge: int) -> list[float | None]:
        """Return the samples of a gauge (in WorkerView's order), the newest last."""
        return [sample[gauge] for sample in self._samples.get(worker_id, ())]


def sparkline(values: Sequence[float | None], width: int, *, low: float, high: float) -> str:
    """Draw values as bars between two levels, the newest at the right.

    A bar of several values shows their highest, an unknown value is a space."""
    newest = _binned(values, width)
    span = max(high - low, 1e-9)
    steps = [
        " " if value is None else BARS[min(max(int((value - low) / span * len(BARS)), 0), len(BARS) - 1)]
        for value in newest
    ]
    return "".join(steps).rjust(width)


def tall_bars(values: Sequence[float | None], width: int, height: int, *, high: float) -> list[str]:
    """Draw values as bars from 0 to `high`, the newest at the right, in rows from the top to the bottom."""
    shown = _binned(values, width)
    eighths = [
        0 if value is None else max(round(value / max(high, 1e-9) * height * len(BARS)), 1) for value in shown
    ]
    rows = []
    for row in reversed(range(height)):
        filled = (min(max(each - row * len(BARS), 0), len(BARS)) for each in eighths)
        rows.append("".join(BARS[each - 1] if each else " " for each in filled).rjust(width))
    return rows


def _binned(values: Sequence[float | None], width: int) -> list[float | None]:
    """Return at most `width` values: the highest of each stretch."""
    count = len(values)
    stretches = [values[place * count // width : (place + 1) * count // width] for place in range(width)]
    if count <= width:
        return list(values)
    return [max((value for value in part if value is not None), default=None) for part in stretches]
