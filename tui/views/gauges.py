"""Gauges of a worker's device: their last hour as bars, in one line or several rows high. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from rich.text import Text

from engine.hardware.system_history import Series
from tui.snapshot import WorkerView
from tui.views.worker_history import WorkerHistory, sparkline, tall_bars

HOTTEST_C = 100.0
LEAST_POINTS = 8
"""Points of an hour from which it is shown in place of the last two minutes."""
HOUR, MINUTES = "last hour", "last 2 minutes"
NARROWEST = 8


@dataclass(frozen=True)
class Gauge:
    """Quantity of a device: its samples, the newest last, and its value now in words."""

    label: str
    samples: Sequence[float | None]
    high: float
    words: str


@dataclass(frozen=True)
class Gauges:
    """Gauges of a worker that are known, and the time that their samples cover, in words."""

    all: tuple[Gauge, ...]
    covers: str


def gauges_of(worker: WorkerView, hour: Series | None, history: WorkerHistory) -> Gauges:
    """Return the gauges of a worker; with the samples of its last hour where that has some, else of two minutes."""
    percent, used, total, temperature = worker.gauges
    is_card = worker.device != "cpu"
    now = (
        (
            "card use" if is_card else "CPU",
            "gpu_percent" if is_card else "cpu_percent",
            0,
            100.0,
            _percent(percent),
        ),
        ("memory", "gpu_memory_gb" if is_card else "memory_gb", 1, total or 1.0, _memory(used, total)),
        (
            "temperature",
            "gpu_temperature_c",
            3,
            HOTTEST_C,
            f"{temperature:.0f} °C" if temperature is not None else "",
        ),
    )
    if hour is None or hour.points < LEAST_POINTS:
        found = [
            Gauge(label, history.of(worker.id, at), high, words) for label, _, at, high, words in now if words
        ]
        return Gauges(tuple(found), MINUTES)
    found = [
        Gauge(label, hour.columns.get(key, ()), high, words) for label, key, _, high, words in now if words
    ]
    if is_card and (cpu := hour.columns.get("cpu_percent")):
        found.append(Gauge("CPU", cpu, 100.0, _percent(cpu[-1])))
    return Gauges(tuple(found), HOUR)


def line_of(gauges: Gauges, width: int, accent: str) -> Text:
    """Draw the gauges beside each other in one line, each with its value now."""
    words = sum(len(each.words) + 4 for each in gauges.all) + len(gauges.covers) + 2
    width_of_one = max((width - words) // max(len(gauges.all), 1), NARROWEST)
    text = Text("  ")
    for each in gauges.all:
        text.append(sparkline(each.samples, width_of_one, low=0.0, high=each.high).lstrip(), style=accent)
        text.append(f" {each.words}   ")
    return text.append(gauges.covers if gauges.all else "", style="dim").append("\n")


def tall_of(gauges: Gauges, width: int, height: int, accent: str) -> Text:
    """Draw the gauges below each other, each `height` rows high below a line that names it."""
    text = Text()
    for each in gauges.all:
        text.append(f"  {each.label}  ", style="dim").append(each.words).append(
            f"  {gauges.covers}\n", style="dim"
        )
        for row in tall_bars(each.samples, width - 2, height, high=each.high):
            text.append(f"  {row}\n", style=f"dim {accent}")
    return text


def _percent(value: float | None) -> str:
    return f"{value:.0f} %" if value is not None else ""


def _memory(used: float | None, total: float | None) -> str:
    return f"{used:.1f} of {total:.0f} GiB" if used is not None and total else ""
