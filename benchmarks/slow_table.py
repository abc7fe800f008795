"""The app over a run table that is 80 ms away: keys, first frame, round trips and bytes, beside the local table and
PostgreSQL on this host, of one size of table after the other."""

import contextlib
import os
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import NamedTuple

from sqlalchemy import text

from benchmarks.app import COLUMNS, LINES, Writers, cost, keys, spread
from benchmarks.watched import Watched
from engine.files.paths import Home
from engine.spec.grid import make_spec
from engine.store import queue, workers
from engine.store.add import add_runs
from engine.store.database import Store, open_store
from engine.store.utc import utc_now
from tests.support.postgres import Server, server
from tests.support.slow_link import SlowLink, slow_link
from tests.support.studies import train

TITLE = "The app over a run table that is 80 ms away, half of its runs queued"
SIZES = (100, 10_000, 100_000)
ONE_WAY_S = 0.04
STARTS, WATCH_S = 3, 20.0
START_TIMEOUT_S = 120.0
WAITING, DONE = "○", "✔"
"""Marks of the runs of the table: a column where all runs are alike may go."""
SETTLE_S = 6.0
"""Seconds after the whole table has been read, in which the app asks for what tells its recipes apart."""
PACE_S = 1.0
ADDED_AT_ONCE = 10_000
TRAINED, EPOCHS = 10, 5


class Place(NamedTuple):
    """Run table as one app sees it."""

    name: str
    home: Home
    """Named to the app."""
    near: Home
    """The same table without the link, for who writes."""
    link: SlowLink | None


def measure() -> Iterator[str]:
    with tempfile.TemporaryDirectory() as folder, server() as running:
        for size in SIZES:
            with ExitStack() as stack:
                for place in _places(Path(folder) / str(size), running, size, stack):
                    yield from _measured(place, f"{size:,} runs, {place.name}")


def _places(folder: Path, running: Server, size: int, stack: ExitStack) -> Sequence[Place]:
    """Make the same table in a file and on a server."""
    url = running.new_database()
    homes = {name: home_at(folder / name) for name in ("local", "direct", "far")}
    urls = {"local": homes["local"].database, "direct": url, "far": url}
    for each in (urls["local"], url):
        with contextlib.closing(open_store(each)) as store:
            _fill(store, size)
    places = [Place("in a local file", homes["local"], homes["local"], None)]
    for name, says, delay_s in (("direct", "PostgreSQL on this host", 0.0), ("far", "80 ms away", ONE_WAY_S)):
        link = stack.enter_context(slow_link(url, delay_s))
        root = homes[name].root
        places.append(Place(says, home_at(root, link.url), home_at(root, url), link))
    return places


def home_at(root: Path, url: str | None = None) -> Home:
    root.mkdir(parents=True, exist_ok=True)
    return Home.find(root, url, cache=root / "cache")


def _fill(store: Store, size: int) -> None:
    """Add runs, ten of them trained; half have ended."""
    for first in range(0, size, ADDED_AT_ONCE):
        seeds = range(first, min(first + ADDED_AT_ONCE, size))
        add_runs(store, [make_spec({"data": "fundus", "epochs": EPOCHS, "seed": seed}) for seed in seeds])
    one = workers.register(store, pid=os.getpid(), device="cpu", device_name="bench")
    for _ in range(TRAINED):
        held = queue.claim(store, one)
        assert held is not None
        train(store, held, EPOCHS, skill=0.6)
        queue.end(store, held, "done")
    workers.leave(store, one)
    ended = "UPDATE run SET status = 'done', ended_at = :now, epoch = epochs WHERE id % 2 = 0 AND status = 'queued'"
    with store.write() as session:
        session.execute(text(ended), {"now": utc_now()})
        if store.path is None:
            session.execute(text("ANALYZE"))  # as the server does by itself within a minute


def _measured(place: Place, name: str) -> Iterator[str]:
    starts = [_rows_shown(place) for _ in range(STARTS)]
    yield f"- {name}: first runs shown after {spread(starts, 2, ' s')}"
    with app_at(place) as app:
        settle(app)
        yield f"- {name}, nothing changing: {_watched(app, place)}"
        yield f"- {name}, nothing changing: {keys(app)}"
    with ExitStack() as stack:
        stack.enter_context(Writers(place.near, 1, PACE_S))
        app = stack.enter_context(app_at(place))
        settle(app)
        yield f"- {name}, one run trains (a commit a second): {_watched(app, place)}"
        yield f"- {name}, one run trains (a commit a second): {keys(app)}"


def app_at(place: Place) -> Watched:
    home = place.home
    command = [sys.executable, "-c", "from tui.start import main; main()", "--home", str(home.root)]
    return Watched(
        [*command, "--db", home.database],
        columns=COLUMNS,
        lines=LINES,
        cwd=home.root,
        environment={"XDG_STATE_HOME": str(home.root / "state")},
    )


def _rows_shown(place: Place) -> float:
    """Seconds from the start until the first screen with a run."""
    deadline = time.perf_counter() + START_TIMEOUT_S
    with app_at(place) as app:
        while time.perf_counter() < deadline:
            for chunk, screen in app.screens():
                if _shows_runs(screen.display):
                    return chunk.at - app.began
            time.sleep(0.2)
        seen = "\n".join(screen.display)
    raise AssertionError(f"no run was shown within {START_TIMEOUT_S} s:\n{seen}")


def settle(app: Watched) -> None:
    """Wait until the app has read its whole table."""
    deadline = time.perf_counter() + START_TIMEOUT_S
    while not _has_read(app):
        assert time.perf_counter() < deadline, f"the table was not read within {START_TIMEOUT_S} s"
        time.sleep(0.5)
    time.sleep(SETTLE_S)


def _has_read(app: Watched) -> bool:
    lines: list[str] = []
    for _, screen in app.screens():
        lines = list(screen.display)
    return _shows_runs(lines) and "more runs" not in lines[0]


def _shows_runs(lines: Sequence[str]) -> bool:
    return any(line.lstrip(" ▌▸").startswith((WAITING, DONE)) for line in lines[2:])


def _watched(app: Watched, place: Place) -> str:
    """Processor time, and what the link carries meanwhile."""
    began = time.perf_counter()
    before = place.link.carried if place.link is not None else None
    said = cost(app, WATCH_S)
    if place.link is None or before is None:
        return said
    carried, took = place.link.carried - before, time.perf_counter() - began
    return (
        f"{said}; to the table {carried.round_trips / took:.1f} round trips/s, {carried.queries / took:.1f} queries/s, "
        f"{(carried.to_server + carried.to_client) / took:,.0f} bytes/s"
    )
