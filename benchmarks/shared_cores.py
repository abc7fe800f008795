"""Runs on the CPU through real workers, with all cores or the free ones: alone, beside a busy program, two at once."""

import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from benchmarks.jpegs import draw_folder
from benchmarks.waiting_threads import busy, spread
from engine.files.paths import Home
from engine.hardware.cores import usable_cores
from engine.spec.grid import make_spec
from engine.store import history, listing
from engine.store.add import add_runs
from engine.store.database import open_store

TITLE = "Threads of runs that share the cores with others"
TURNS = 5
TRAIN, TEST, SIZE_PX, EPOCHS = 224, 32, 32, 2
SITUATIONS = {"alone": (1, False), "beside a busy program": (1, True), "two runs at once": (2, False)}
"""Workers, each with a run, and whether another program keeps a core busy."""


def measure() -> Iterator[str]:
    """Markdown: images/s of ResNet-18 at the defaults, all runs of a situation added up; both ways in each turn."""
    ways = {"all cores": usable_cores(), "free cores": 0}
    found: dict[tuple[str, str], list[float]] = {}
    with tempfile.TemporaryDirectory() as place:
        draw_folder(Path(place) / "data", train=TRAIN, test=TEST, side_px=SIZE_PX)
        for _ in range(TURNS):
            for situation, (workers, is_busy) in SITUATIONS.items():
                for way, threads in ways.items():
                    made = _images_per_s(Path(place), workers, threads, is_busy=is_busy)
                    found.setdefault((situation, way), []).append(made)
    yield f"ResNet-18, {SIZE_PX} px, batch 32, images/s: median (lowest to highest), n {TURNS}"
    yield ""
    yield f"| runs | threads on all {usable_cores()} cores | threads on free cores | ratio |"
    yield "| --- | --- | --- | --- |"
    for situation in SITUATIONS:
        before, now = (found[situation, way] for way in ways)
        ratios = [after / earlier for earlier, after in zip(before, now, strict=True)]
        yield f"| {situation} | {spread(before)} | {spread(now)} | {statistics.median(ratios):.2f} |"


def _images_per_s(place: Path, workers: int, threads: int, *, is_busy: bool) -> float:
    """Train one run a worker and return the images/s of their epochs, added up."""
    settings = {"data": str(place / "data"), "image_size": SIZE_PX, "epochs": EPOCHS, "threads": threads}
    with tempfile.TemporaryDirectory() as folder:
        home = Home.find(Path(folder), cache=place / "cache")
        store = open_store(home.database)
        add_runs(store, [make_spec(settings | {"seed": seed}) for seed in range(workers)])
        command = [sys.executable, "-m", "engine.worker", "--home", folder, "--cache", str(home.cache)]
        command += ["--device", "cpu", "--max-runs", "1"]
        environment = {name: value for name, value in os.environ.items() if name != "OMP_NUM_THREADS"}
        with busy(is_busy):
            started = [
                subprocess.Popen(command, stderr=subprocess.DEVNULL, env=environment) for _ in range(workers)
            ]
            for worker in started:
                worker.wait()
        with store.read() as session:
            epochs = {run.id: history.epochs_of(session, run.id or 0) for run in listing.list_runs(session)}
        store.close()
    return sum(
        statistics.mean(row.images_per_s for row in rows if row.images_per_s is not None)
        for rows in epochs.values()
    )
