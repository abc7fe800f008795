"""Seconds from a key until the screen that it opens is whole."""

import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from benchmarks.app import app_of, percentiles
from benchmarks.app_tables import table
from benchmarks.watched import Watched, shown

TITLE = "Opening each screen: from the key until it is whole, 120×40, nothing else running"
RUNS = (10, 10_000)
TIMES = 20
BOUND_MS = 150
QUIET_S, SILENT_S, APART_S = 0.6, 2.0, 0.013
PAGES = ("confusion", "log", "spec", "scores", "system")
BACK = "\x1b"
SCREENS: Sequence[tuple[str, str]] = (
    ("run: curves", "\r"), ("workers", "W"), ("data", "d"), ("new run", "n"), ("help", "?"), ("journal", "i"),
    ("palette", "\x10"), ("columns", "M"), ("groups", "G"), ("compare", "c"),
)  # fmt: skip
"""Name of a screen, and the key that opens it from Home."""


def measure() -> Iterator[str]:
    with tempfile.TemporaryDirectory() as place:
        for runs in RUNS:
            home = table(Path(place) / f"runs{runs}", runs)
            with app_of(home) as app:
                app.until_quiet(2.5)
                _send(app, " ", " ")  # two runs are marked: what Compare takes
                for name, key in SCREENS:
                    yield f"- {runs:,} runs, {name}: {_opened(app, key)}"
                _send(app, "\r")
                for number, name in enumerate(PAGES, 2):
                    yield f"- {runs:,} runs, run: {name}: {_turned(app, str(number))}"


def _opened(app: Watched, key: str) -> str:
    """Open a screen and leave it, again and again."""
    return _whole(app, key, BACK)


def _turned(app: Watched, key: str) -> str:
    """Turn to a page and back to the first."""
    return _whole(app, key, "1")


def _whole(app: Watched, key: str, back: str) -> str:
    spans = []
    for each in range(TIMES):
        spans.append((_send(app, key), time.perf_counter()))
        _send(app, back)
        time.sleep(APART_S * (each % 7))  # not in step with the app's timers
    return f"{percentiles(_first_whole(app, spans))}, bound {BOUND_MS} ms"


def _send(app: Watched, *keys: str) -> float:
    """Send keys one by one, each after what the one before has drawn; return when the last was sent."""
    began = 0.0
    for key in keys:
        began = app.send(key)
        while app.chunks[-1].at < began and time.perf_counter() < began + SILENT_S:
            time.sleep(0.01)
        app.until_quiet(QUIET_S)
    return began


def _first_whole(app: Watched, spans: Sequence[tuple[float, float]]) -> list[float | None]:
    """Return for each span the seconds until the screen was as at its end; None where nothing was drawn."""
    drawn: list[list[tuple[float, str]]] = [[] for _ in spans]
    place = 0
    for chunk, screen in app.screens():
        while place < len(spans) and chunk.at > spans[place][1]:
            place += 1
        if place < len(spans) and chunk.at >= spans[place][0]:
            drawn[place].append((chunk.at - spans[place][0], shown(screen)))
    return [next((at for at, text in some if text == some[-1][1]), None) if some else None for some in drawn]
