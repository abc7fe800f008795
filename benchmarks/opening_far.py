"""Seconds from a key until the screen that it opens is drawn, and until it is whole, over a run table 80 ms away."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

from benchmarks.app import percentiles
from benchmarks.app_tables import fill
from benchmarks.opening import BACK, SCREENS, openings, send
from benchmarks.slow_table import ONE_WAY_S, Place, app_at, home_at, settle
from tests.support.postgres import server
from tests.support.slow_link import slow_link

TITLE = "Opening screens over a run table that is 80 ms away: until the first change, until whole, 120×40"
RUNS, TIMES, QUIET_S = 1_000, 8, 0.8
"""A screen that waits for the table may draw nothing for several round trips."""
OPENED = ("run: curves", "compare", "new run", "workers", "journal", "palette")
PLACES = (("PostgreSQL on this host", 0.0), ("80 ms away", ONE_WAY_S))


def measure() -> Iterator[str]:
    with tempfile.TemporaryDirectory() as folder, server() as running:
        url = running.new_database()
        fill(home_at(Path(folder) / "near", url), RUNS)
        for name, delay_s in PLACES:
            with slow_link(url, delay_s) as link:
                root = Path(folder) / str(delay_s)
                yield from _of(Place(name, home_at(root, link.url), home_at(root, url), link))


def _of(place: Place) -> Iterator[str]:
    assert place.link is not None
    keys = dict(SCREENS)
    with app_at(place) as app:
        settle(app)
        send(app, " ", " ", quiet_s=QUIET_S)  # two runs are marked: what Compare takes
        for name in OPENED:
            before = place.link.carried
            found = openings(app, keys[name], BACK, times=TIMES, quiet_s=QUIET_S)
            trips = (place.link.carried - before).round_trips / TIMES
            yield (
                f"- {RUNS:,} runs, {place.name}, {name}: first change {percentiles([each.first for each in found])}; "
                f"whole {percentiles([each.whole for each in found])}; {trips:.0f} round trips with polls"
            )
