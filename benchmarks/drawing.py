"""Cost of a plot, built and drawn as text, and of reading what it shows."""

import random
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

from sqlalchemy import insert

from benchmarks.app_tables import table
from engine.files.paths import Home
from engine.spec.grid import make_spec
from engine.store import history, listing, overview
from engine.store.add import add_runs
from engine.store.clock import seen_change
from engine.store.database import Store, open_store
from engine.store.edits import notes_and_tags
from engine.store.schema import loss_table
from engine.training.loss_curve import MAX_BUCKETS
from tui.detail_view import Curve
from tui.plots import Chart, Grid, Line, Plot, draw_chart, draw_matrix
from tui.snapshot_rows import make_row
from tui.views.accuracy_chart import accuracy_chart
from tui.views.smoothing import smoothed

TITLE = "Plots, built and drawn; curves, read"
TIMES = 30
EPOCHS, STEPS, CLASSES = 100, MAX_BUCKETS, 100
POINTS, RUNS = 1_000_000, 1_000_000 // MAX_BUCKETS
MANY, PAGE = 10_000, 60
HOME_SIZE, RUN_SIZE = (44, 13), (118, 32)
"""The plot's window on a screen of 120×40, in characters."""


def measure() -> Iterator[str]:
    noise = random.Random(0)
    test, train = (
        [0.7 + 0.002 * epoch + noise.gauss(0, 0.01) for epoch in range(1, EPOCHS + 1)] for _ in range(2)
    )
    curve = Curve(tuple(range(1, EPOCHS + 1)), tuple(train), tuple(test), 0.73, EPOCHS)
    took = _drawn(lambda plot: draw_chart(plot, accuracy_chart(curve), *HOME_SIZE))
    yield f"- home's curve of {EPOCHS} epochs: {took}; bound 15 ms"
    points = tuple((step / 100, abs(noise.gauss(1, 0.5))) for step in range(STEPS))
    line = Line("train", points, (230, 159, 0))
    chart = Chart("loss", (line,), 0.0, STEPS / 100)
    took = _drawn(lambda plot: draw_chart(plot, chart, *RUN_SIZE))
    yield f"- a run's loss, {STEPS:,} noisy points: {took}; bound 60 ms"
    yield f"- smoothing these: {_ms(lambda: smoothed(points, 0.9))}"
    counts = tuple(tuple(noise.randrange(100) for _ in range(CLASSES)) for _ in range(CLASSES))
    grid = Grid(counts, tuple(map(str, range(CLASSES))), "row share", (50, 50))
    yield f"- a matrix of {CLASSES} classes: {_drawn(lambda plot: draw_matrix(plot, grid, *RUN_SIZE))}"
    with tempfile.TemporaryDirectory() as folder:
        store = open_store(f"sqlite:///{folder}/runs.db")
        _fill(store)
        with store.read() as session:
            yield (
                f"- one run's curve of {POINTS // RUNS:,} among {POINTS:,} loss points in the table: "
                f"{_ms(lambda: list(history.losses_of(session, RUNS // 2)))}; bound 10 ms"
            )
        store.close()
        yield from _of_table(table(Path(folder) / "many", MANY))


def _of_table(home: Home) -> Iterator[str]:
    with closing(open_store(home.database)) as store:
        with store.read() as session:
            before = seen_change(session)
        notes_and_tags.set_note(store, list(range(1, PAGE + 1)), "looked at")
        with store.read() as session:
            assert len(list(overview.changed_runs(session, before))) == PAGE
            page = _ms(lambda: [make_row(run, None) for run in overview.changed_runs(session, before)])
            yield f"- {PAGE} runs of {MANY:,} that have changed, read and made into rows: {page}; bound 5 ms"
            yield f"- the ids of {MANY:,} runs: {_ms(lambda: listing.run_ids(session))}; bound 30 ms"


def _fill(store: Store) -> None:
    table, each = loss_table, POINTS // RUNS
    values = {"width": 1, "minimum": 0.4, "maximum": 0.6, "mean": 0.5, "last": 0.5}
    add_runs(store, [make_spec({"data": "digits", "seed": seed}) for seed in range(RUNS)])
    with store.write() as session:
        for run_id in range(1, RUNS + 1):
            rows = [{"run_id": run_id, "bucket": bucket, **values} for bucket in range(each)]
            session.execute(insert(table), rows)


def _drawn(draw: Callable[[Plot], object]) -> str:
    plot = Plot()

    def whole() -> None:
        draw(plot)
        plot.build()

    return _ms(whole)


def _ms(act: Callable[[], object]) -> str:
    act()
    times = []
    for _ in range(TIMES):
        began = time.perf_counter()
        act()
        times.append(1000 * (time.perf_counter() - began))
    return f"{statistics.median(times):.1f} ms ({min(times):.1f} to {max(times):.1f}, n = {TIMES})"
