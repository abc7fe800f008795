"""Terminal app in a real pseudo-terminal: its first frame, what it costs while it waits and watches, and how soon a
key is seen; beside it W&B LEET, which shows offline runs of the same points."""

import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path

import pyte

from benchmarks.app_tables import table
from benchmarks.watched import Watched, first_frame, when
from engine.files.paths import Home

TITLE = "The app at 120×40 in a pseudo-terminal"
COLUMNS, LINES = 120, 40
RUNS = (10, 1_000, 10_000)
SEEDS = 5
"""Runs of a group in the table that is folded."""
STARTS, WATCH_S, PRESSES = 9, 20.0, 100
START_S = 2.5
"""Output that pauses for so long has ended a start: modules load in silence."""
START_TIMEOUT_S = 60.0
WRITERS = 4
PACE_S, PACE_OF_ONE_S = 0.25, 1.0
"""Seconds between a writer's commits: of four, and of the one that is watched live, as a card's run does."""
PRESS_EVERY_S = 0.12
BARE = """
import gc
gc.disable()
import tui.feeds.prefetch, tui.app
gc.freeze()
gc.enable()
from textual.app import App
from textual.widgets import Static
class Bare(App):
    def compose(self):
        yield Static("resnet-tui")
Bare().run()
"""
CURSOR_COLUMN = 20
"""Inside the run table's names."""


def measure() -> Iterator[str]:
    with tempfile.TemporaryDirectory() as place:
        yield from _of_bare(Path(place))
        for runs in RUNS:
            home = table(Path(place) / f"runs{runs}", runs)
            yield from _of_app(home, f"{runs:,} runs")
        yield from _of_groups(table(Path(place) / "groups", RUNS[-1], SEEDS))
        yield from _of_leet(Path(place))


def _of_bare(place: Path) -> Iterator[str]:
    """Time Textual and what our first frame imports, before anything is drawn."""
    starts = [_start(_watch([sys.executable, "-c", BARE], place, {})) for _ in range(STARTS + 1)][1:]
    name = "a bare Textual app that imports what our first frame imports"
    yield f"- {name}: first full frame {spread([each[0] for each in starts], 2, ' s')}; {_bytes(starts)}"


def _of_groups(home: Home) -> Iterator[str]:
    """The same table as a list of runs and folded into groups, which the app keeps for its next start."""
    name = f"{RUNS[-1]:,} runs in {RUNS[-1] // SEEDS:,} groups"
    yield from _of_app(home, f"{name}, not folded")
    with app_of(home) as app:
        app.until_quiet(START_S)
        app.send("G\r")
        app.until_quiet(START_S)
        app.send("q")  # it keeps that at its end
        app.process.wait(START_TIMEOUT_S)
    assert any((home.root / "state").rglob("*.json")), "the app has not kept that groups are folded"
    yield from _of_app(home, f"{name}, folded")


def _of_app(home: Home, name: str) -> Iterator[str]:
    starts = [_start(app_of(home)) for _ in range(STARTS + 1)][1:]  # the first may compile
    yield f"- {name}: first full frame {spread([each[0] for each in starts], 2, ' s')}; {_bytes(starts)}"
    with app_of(home) as app:
        app.until_quiet(2.5)
        yield f"- {name}, nothing changing: {cost(app)}"
        yield f"- {name}, nothing changing: {keys(app)}"
    with ExitStack() as stack:
        stack.enter_context(Writers(home, 1, PACE_OF_ONE_S))
        app = stack.enter_context(app_of(home))
        time.sleep(4)
        yield f"- {name}, one run trains (a commit a second): {cost(app)}"
        app.send("\r")
        time.sleep(2)
        yield f"- {name}, the same run opened, at its curves: {cost(app)}"
    with ExitStack() as stack:
        stack.enter_context(Writers(home, WRITERS, PACE_S))
        app = stack.enter_context(app_of(home))
        time.sleep(4)
        yield f"- {name}, {WRITERS} writers ({1 / PACE_S:.0f} commits a second each): {keys(app)}; {cost(app)}"


class Writers:
    """Processes that write as training runs do, until they are left."""

    def __init__(self, home: Home, count: int, pace_s: float) -> None:
        self._home, self._count, self._pace_s = home, count, pace_s
        self._processes: list[subprocess.Popen[bytes]] = []

    def __enter__(self) -> None:
        command = [
            sys.executable,
            "-m",
            "benchmarks.app_tables",
            self._home.database,
            "600",
            str(self._pace_s),
        ]
        self._processes = [subprocess.Popen(command) for _ in range(self._count)]
        time.sleep(2)

    def __exit__(self, *_: object) -> None:
        for process in self._processes:
            process.kill()
            process.wait()


def app_of(home: Home) -> Watched:
    command = [sys.executable, "-c", "from tui.start import main; main()", "--home", str(home.root)]
    return _watch(command, home.root, {"XDG_STATE_HOME": str(home.root / "state")})


def _watch(command: list[str], folder: Path, environment: dict[str, str]) -> Watched:
    return Watched(command, columns=COLUMNS, lines=LINES, cwd=folder, environment=environment)


def _start(watched: Watched) -> tuple[float, int]:
    with watched:
        watched.until_quiet(START_S)
        return first_frame(watched)


def cost(watched: Watched, watch_s: float = WATCH_S) -> str:
    """Watch for so long, and say what it cost."""
    before, cores, began = len(watched.chunks), watched.core_seconds(), time.perf_counter()
    time.sleep(watch_s)
    took = time.perf_counter() - began
    share = (watched.core_seconds() - cores) / took
    count = sum(len(chunk.content) for chunk in watched.chunks[before:])
    return f"{100 * share:.1f} % of a core, {count / took:,.0f} bytes/s ({watch_s:.0f} s)"


def keys(watched: Watched) -> str:
    """Down and up in turn: until the cursor has moved, and until the highlighted run's title has followed."""
    asked = []
    for press in range(PRESSES):
        asked.append(watched.send("kj"[press % 2 == 0]))
        time.sleep(PRESS_EVERY_S + 0.003 * (press % 7))  # not in step with the app's timers
    moved, followed = when(watched, asked, _cursor_line), when(watched, asked, _title)
    return f"key to cursor {percentiles(moved)}; to the run's title {percentiles(followed)}"


def _cursor_line(screen: pyte.Screen) -> int | None:
    """Return the only line whose ground differs from its neighbours'."""
    grounds = [screen.buffer[line][CURSOR_COLUMN].bg for line in range(3, LINES - 3)]
    alone = [line for line, ground in enumerate(grounds) if grounds.count(ground) == 1]
    return alone[0] if len(alone) == 1 else None


def _title(screen: pyte.Screen) -> str:
    """Return the detail pane's first line, at the right."""
    return next((line[70:] for line in screen.display[1:6] if " · " in line[70:]), "")


def percentiles(found: Sequence[float | None]) -> str:
    known = sorted(1000 * each for each in found if each is not None)
    if len(known) < 2:
        return "was not seen"
    cuts = statistics.quantiles(known, n=20)
    lost = f", {len(found) - len(known)} not seen before the next" if len(known) < len(found) else ""
    middle, late = statistics.median(known), cuts[18]
    return f"p50 {middle:.0f} ms, p95 {late:.0f} ms, most {known[-1]:.0f} ms (n = {len(known)}{lost})"


def spread(values: Sequence[float], places: int, unit: str) -> str:
    """Say median, least, most and number."""
    return (
        f"{statistics.median(values):.{places}f}{unit} ({min(values):.{places}f} to {max(values):.{places}f}, "
        f"n = {len(values)})"
    )


def _bytes(starts: Sequence[tuple[float, int]]) -> str:
    return f"its bytes {spread([each[1] / 1000 for each in starts], 1, ' kB')}"


# W&B LEET


def _of_leet(place: Path) -> Iterator[str]:
    wandb = shutil.which("wandb", path=str(Path(sys.executable).parent))
    if wandb is None:
        yield "- W&B LEET: not installed (`pip install wandb`)"
        return
    for runs in RUNS[:1]:
        folder = place / f"leet{runs}"
        folder.mkdir()
        subprocess.run(
            [sys.executable, "-m", "benchmarks.leet_runs", str(folder), str(runs)],
            check=True,
            stdout=subprocess.DEVNULL,
        )
        command = [wandb, "leet", "run", str(folder / "wandb")]
        environment = {"WANDB_MODE": "offline", "HOME": str(folder), "WANDB_ERROR_REPORTING": "false"}
        starts = [_start(_watch(command, folder, environment)) for _ in range(STARTS)]
        name = f"W&B LEET, {runs:,} offline runs of the same points"
        yield f"- {name}: first full frame {spread([each[0] for each in starts], 2, ' s')}; {_bytes(starts)}"
        with _watch(command, folder, environment) as leet:
            leet.until_quiet(2.5)
            yield f"- {name}, nothing changing: {cost(leet)}"
