"""Seconds from a key until the screen that it opens is whole."""

import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from benchmarks.app import app_of, percentiles
from benchmarks.app_tables import table
from benchmarks.watched import Watched, shown

TITLE = "Opening each screen: from the key until it is whole, 120×40, nothing else running"
RUNS = (10, 10_000)
TIMES = 20
BOUND_MS = 150
QUIET_S, SILENT_S, APART_S = 0.6, 2.0, 0.013
LONGEST_S = 4.0
"""Most that is waited for a screen: the cursor of a form blinks for ever."""
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
                send(app, " ", " ")  # two runs are marked: what Compare takes
                for name, key in SCREENS:
                    yield f"- {runs:,} runs, {name}: {_opened(app, key)}"
                send(app, "\r")
                for number, name in enumerate(PAGES, 2):
                    yield f"- {runs:,} runs, run: {name}: {_turned(app, str(number))}"


def _opened(app: Watched, key: str) -> str:
    """Open a screen and leave it, again and again."""
    return f"{percentiles([each.whole for each in openings(app, key, BACK)])}, bound {BOUND_MS} ms"


def _turned(app: Watched, key: str) -> str:
    """Turn to a page and back to the first."""
    return f"{percentiles([each.whole for each in openings(app, key, '1')])}, bound {BOUND_MS} ms"


class Opening(NamedTuple):
    """Seconds from the key, None where nothing was drawn."""

    first: float | None
    """Until anything was drawn."""
    whole: float | None
    """Until the screen was as at its end."""


def openings(
    app: Watched, key: str, back: str, *, times: int = TIMES, quiet_s: float = QUIET_S
) -> list[Opening]:
    """Give a key and take it back, again and again."""
    spans = []
    for each in range(times):
        spans.append((send(app, key, quiet_s=quiet_s), time.perf_counter()))
        send(app, back, quiet_s=quiet_s)
        time.sleep(APART_S * (each % 7))  # not in step with the app's timers
    return _openings(app, spans)


def send(app: Watched, *keys: str, quiet_s: float = QUIET_S) -> float:
    """Send keys one by one, each after what the one before has drawn; return when the last was sent."""
    began = 0.0
    for key in keys:
        began = app.send(key)
        while app.chunks[-1].at < began and time.perf_counter() < began + SILENT_S:
            time.sleep(0.01)
        app.until_quiet(quiet_s, LONGEST_S)
    return began


def _openings(app: Watched, spans: Sequence[tuple[float, float]]) -> list[Opening]:
    drawn: list[list[tuple[float, str]]] = [[] for _ in spans]
    place = 0
    for chunk, screen in app.screens():
        while place < len(spans) and chunk.at > spans[place][1]:
            place += 1
        if place < len(spans) and chunk.at >= spans[place][0]:
            drawn[place].append((chunk.at - spans[place][0], shown(screen)))
    return [
        Opening(some[0][0], next(at for at, text in some if text == some[-1][1]))
        if some
        else Opening(None, None)
        for some in drawn
    ]
