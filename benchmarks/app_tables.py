"""Run tables for measuring the app, and a process that writes into one as a training run does.

python -m benchmarks.app_tables URL SECONDS PACE_S
"""

import os
import sys
import time
from pathlib import Path

from sqlalchemy import text

from engine.files.paths import Home
from engine.spec.grid import make_spec
from engine.store import history, queue, workers
from engine.store.add import add_runs
from engine.store.database import open_store
from tests.support.studies import LABELS, confusion, measured, train

EPOCHS = 20
ARCHS = ("resnet18", "resnet34", "resnet50")
STEPS = 100


def fill(home: Home, runs: int, seeds: int = 0) -> None:
    """So many runs, in groups of so many seeds; all have ended but ten that wait, the last two of which were trained
    last and are charted."""
    store = open_store(home.database)
    add_runs(store, [make_spec(_settings(number, seeds)) for number in range(runs)])
    waiting = min(10, runs // 2)
    one = workers.register(store, pid=os.getpid(), device="cpu", device_name="bench")
    for _ in range(min(runs - waiting, 20)):
        held = queue.claim(store, one)
        assert held is not None
        train(store, held, EPOCHS, skill=0.6)
        queue.end(store, held, "done")
    with store.write() as session:
        session.execute(text(
            "UPDATE run SET status = 'done', epoch = epochs, best_epoch = 7, best = .81, best_acc = .81, "
            "best_kappa = .7, verdict = 'healthy', baseline = .7336, started_at = '2026-05-01 10:00:00', "
            f"ended_at = '2026-05-01 10:01:40' WHERE status = 'queued' AND id <= {runs - waiting}"
        ))  # fmt: skip
    workers.leave(store, one)
    store.close()


def _settings(number: int, seeds: int) -> dict[str, object]:
    """Return a run's settings; without a number of seeds twelve recipes share all runs."""
    if not seeds:
        return {"data": "fundus", "seed": number, "arch": ARCHS[number % 3], "lr": 10.0 ** -(1 + number % 4)}
    recipe, seed = divmod(number, seeds)
    return {"data": "fundus", "seed": seed, "arch": ARCHS[recipe % 3], "lr": round(1e-4 * (1 + recipe), 6)}


def write(url: str, seconds: float, pace_s: float) -> None:
    """Train a run: losses of ten steps every `pace_s`, an epoch after every ten of these."""
    store = open_store(url)
    one = workers.register(store, pid=os.getpid(), device=f"cpu{os.getpid()}", device_name="bench")
    spec = make_spec({"data": "fundus", "epochs": 10_000, "seed": os.getpid()})
    add_runs(store, [spec], priority=9)
    held = queue.claim(store, one)
    assert held is not None
    train(store, held, 1, skill=0.6)
    deadline, step, epoch = time.monotonic() + seconds, STEPS, 1
    while time.monotonic() < deadline:
        time.sleep(pace_s)
        buckets = range(step, step + 10)
        losses = [history.Losses(bucket, 1, 0.4, 0.6, 0.5, 0.5) for bucket in buckets]
        step += 10
        history.record_progress(store, held, step=step, images_per_s=120.0 + step % 7, losses=losses)
        workers.beat(
            store, one, state="running", telemetry={"cpu_percent": 50.0 + step % 40, "memory_gb": 3.2}
        )
        if step % 100 == 0:
            epoch += 1
            matrix = confusion(LABELS, 0.4 + 0.2 * (epoch % 3))
            history.record_epoch(
                store, held, measured(held, epoch, matrix), matrix, best=None, judgement=None
            )
    store.close()


def table(folder: Path, runs: int, seeds: int = 0) -> Home:
    folder.mkdir()
    home = Home.find(folder, cache=folder / "cache")
    fill(home, runs, seeds)
    return home


if __name__ == "__main__":
    write(sys.argv[1], float(sys.argv[2]), float(sys.argv[3]))
