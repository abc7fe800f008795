"""Seconds between one run's end and the next one's first step: a worker with tiny runs on digits."""

import itertools
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path

from engine.files.paths import Home
from engine.spec.grid import make_spec
from engine.store import listing
from engine.store.add import add_runs
from engine.store.database import Store, open_store
from engine.store.utc import utc_now

TITLE = "From one run's end to the next one's first step, tiny runs on digits"
GAPS = 8
SETTINGS = {
    "data": "digits",
    "image_size": 16,
    "epochs": 2,
    "batch_size": 64,
    "threads": 1,
    "precision": "fp32",
}
POLL_S = 0.01


def measure() -> Iterator[str]:
    with tempfile.TemporaryDirectory() as folder:
        home = Home.find(Path(folder))
        store = open_store(home.database)
        # The first packs the images; each is a run of its own.
        ids = add_runs(store, [make_spec(SETTINGS | {"seed": seed}) for seed in range(GAPS + 2)]).ids
        command = [sys.executable, "-m", "engine.worker", "--home", folder, "--device", "cpu", "--drain"]
        worker = subprocess.Popen(command, stderr=subprocess.DEVNULL)
        began = _first_steps(store, ids, worker)
        worker.wait()
        with store.read() as session:
            ended = {run.id: run.ended_at for run in listing.list_runs(session)}
        store.close()
    gaps = sorted(
        (began[after] - _known(ended[before])).total_seconds()
        for before, after in itertools.pairwise(ids[1:])
    )
    yield (
        f"- end in the run table to the next run's first step in the run table, data loading included: median "
        f"{statistics.median(gaps):.2f} s ({gaps[0]:.2f} to {gaps[-1]:.2f}, n = {len(gaps)})"
    )


def _first_steps(store: Store, ids: Sequence[int], worker: "subprocess.Popen[bytes]") -> dict[int, datetime]:
    """Return when each run's first step was seen in the run table."""
    seen: dict[int, datetime] = {}
    while len(seen) < len(ids) and worker.poll() is None:
        with store.read() as session:
            runs = listing.list_runs(session)
        for run in runs:
            if run.id is not None and run.step > 0:
                seen.setdefault(run.id, utc_now())
        time.sleep(POLL_S)
    return seen


def _known(ended: datetime | None) -> datetime:
    assert ended is not None, "a run did not end"
    return ended
