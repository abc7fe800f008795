"""Run tables of many runs and workers: claims, writes, waits and polls, simulated over the real store."""

import os
import random
import statistics
import tempfile
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import simpy
from sqlalchemy import text

from benchmarks.scale_model import EPOCH_S, EPOCHS, Database, Worker, mean_ms, quantile
from engine.spec.grid import make_spec
from engine.store import queue, workers
from engine.store.add import add_runs
from engine.store.database import Store, open_store
from engine.store.utc import utc_now
from tests.support.postgres import server
from tui.feeds.run_table_feed import RunTableFeed

TITLE = f"Scale: simulated workers over the real store, runs of {EPOCHS} epochs of {EPOCH_S:g} s"
SIZES = (1_000, 10_000, 100_000)
WORKERS = (30, 100, 300, 1_000)
FEW_RUNS_WORKERS = 100
"""Workers in the table's smaller sizes."""
RAMP_S, HORIZON_S = EPOCHS * EPOCH_S, 30.0
"""Simulated seconds in which the workers start, and those after them, which count."""
ADDED_AT_ONCE = 10_000
POLLS, SYNCS = 9, 100
DISKS_S = (0.0005, 0.004)
"""Seconds of the disk in a commit: a fast one and a slow or busy one."""
HEADINGS = (
    "runs", "commit", "workers", "writes/s", "reads/s", "busy", "100 % at workers", "claims/s", "claim p50", "p99",
    "renewal p50", "p99", "all claim at once: last", "MB", "first poll", "poll after a change",
)  # fmt: skip
WRITES = ("claim", "begin", "renewal", "heartbeat", "progress", "epoch", "checkpoint", "end")
CORES = os.cpu_count() or 1


def measure() -> Iterator[str]:
    with tempfile.TemporaryDirectory() as folder, server(is_durable=True) as running:
        here_ms = 1000 * commit_s(Path(folder))
        yield (
            f"- PostgreSQL has {CORES} lanes, the cores of this host (load {os.getloadavg()[0]:.0f} now); its disk: "
            f"{here_ms:.1f} ms a commit (median of {SYNCS}); simulated disks as named"
        )
        yield from measured("SQLite", f"sqlite:///{folder}/runs.db", 0)
        yield from measured("PostgreSQL", running.new_database(), CORES)


def commit_s(folder: Path) -> float:
    """Return the seconds that the disk of a folder takes for a commit."""
    times = []
    with (folder / "synced").open("wb", buffering=0) as file:
        for _ in range(SYNCS):
            file.write(b"x" * 8192)
            began = time.perf_counter()
            os.fdatasync(file.fileno())
            times.append(time.perf_counter() - began)
    return statistics.median(times)


def measured(name: str, url: str, lanes: int) -> Iterator[str]:
    """Give the table of one kind of database, and the costs of its calls."""
    yield f"\n### {name}\n"
    yield f"| {' | '.join(HEADINGS)} |"
    yield f"|{' ---: |' * len(HEADINGS)}"
    store, costs = open_store(url), dict[str, list[float]]()
    for before, size in zip((0, *SIZES), SIZES, strict=False):
        _fill(store, before, size)
        polls = _polls(store, url)
        is_largest = size == SIZES[-1]
        for commit_s in DISKS_S if is_largest else DISKS_S[:1]:
            for count in WORKERS if is_largest else (FEW_RUNS_WORKERS,):
                database, row = _cell(store, lanes, count, commit_s)
                if commit_s == DISKS_S[0]:
                    costs = database.costs_s
                burst = _burst(store, lanes, count, commit_s)
                shown = f"{size:,} | {1000 * commit_s:g} ms | {count:,} | {row} | {burst}"
                yield f"| {shown} | {_megabytes(store):,.0f} | {polls} |"
                _put_back(store)
    told = ", ".join(f"{each} {mean_ms(costs[each]):.2f}" for each in sorted(costs) if mean_ms(costs[each]))
    yield f"\nms of lanes that a call takes, mean, at the largest size and the faster disk: {told}"
    store.close()


def _fill(store: Store, before: int, size: int) -> None:
    """Add runs up to a size; half of those that are added have ended."""
    for first in range(before, size, ADDED_AT_ONCE):
        count = min(ADDED_AT_ONCE, size - first)
        seeds = range(first, first + count)
        add_runs(store, [make_spec({"data": "digits", "epochs": EPOCHS, "seed": seed}) for seed in seeds])
    ended = (
        "UPDATE run SET status = 'done', ended_at = :now, epoch = epochs WHERE id > :before AND id % 2 = 0"
    )
    with store.write() as session:
        session.execute(text(ended), {"now": utc_now(), "before": before})
        if store.path is None:
            session.execute(text("ANALYZE"))  # as the server does by itself within a minute


def _put_back(store: Store) -> None:
    """Give the runs that a simulation left in training back to the queue, and forget its workers."""
    with store.write() as session:
        back = "UPDATE run SET status = 'queued', worker_id = NULL, lease_expires_s = NULL WHERE status = 'running'"
        session.execute(text(back))
        session.execute(text("UPDATE worker SET state = 'gone'"))


def _workers(
    store: Store, database: Database, count: int, *, over_s: float, trains: bool = True
) -> list[Worker]:
    """Workers whose first claims are spread over so many seconds."""
    draws, made = random.Random(count), []
    for number in range(count):
        worker_id = workers.register(store, pid=os.getpid(), device="cpu", device_name="simulated")
        starts_s = over_s * number / count
        made.append(Worker(database, store, worker_id, starts_s, draws, trains))
        database.env.process(made[-1].work())
    return made


def _cell(store: Store, lanes: int, count: int, commit_s: float) -> tuple[Database, str]:
    env = simpy.Environment()
    database = Database(env, store, lanes, commit_s)
    _workers(store, database, count, over_s=RAMP_S)
    env.run(until=RAMP_S)
    database.begin_anew()
    env.run(until=RAMP_S + HORIZON_S)
    took = database.took_s
    writes = sum(len(took[name]) for name in WRITES) / HORIZON_S
    reads = sum(len(times) for name, times in took.items() if name not in WRITES) / HORIZON_S
    busy = database.busy_share()
    limit = f"{count / busy:,.0f}" if busy < 0.98 else f"< {count:,}"
    claims, renewals = took["claim"], took["renewal"]
    return database, (
        f"{writes:,.0f} | {reads:,.0f} | {100 * busy:.0f} % | {limit} | {len(claims) / HORIZON_S:.1f} | "
        f"{_ms(quantile(claims, 0.5))} | {_ms(quantile(claims, 0.99))} | "
        f"{_ms(quantile(renewals, 0.5))} | {_ms(quantile(renewals, 0.99))}"
    )


def _burst(store: Store, lanes: int, count: int, commit_s: float) -> str:
    """Let all workers claim at the same moment; give the wait of the last."""
    _put_back(store)
    env = simpy.Environment()
    database = Database(env, store, lanes, commit_s)
    for _ in range(count):
        worker_id = workers.register(store, pid=os.getpid(), device="cpu", device_name="simulated")
        env.process(database.do("claim", partial(queue.claim, store, worker_id)))
    env.run()
    return _ms(env.now)


def _polls(store: Store, url: str) -> str:
    """Read the table as the app does: all of it, and after a run's change. Processor time of the app."""
    began = time.thread_time()
    feed = RunTableFeed(url)
    feed.poll(None)
    first_s = time.thread_time() - began
    worker_id = workers.register(store, pid=os.getpid(), device="cpu", device_name="simulated")
    times = []
    for _ in range(POLLS):
        queue.claim(store, worker_id)
        began = time.thread_time()
        feed.poll(None)
        times.append(time.thread_time() - began)
    feed.close()
    _put_back(store)
    return f"{_ms(first_s)} | {_ms(statistics.median(times))}"


def _megabytes(store: Store) -> float:
    if store.path is not None:
        return sum(_size(Path(f"{store.path}{end}")) for end in ("", "-wal")) / 1e6
    with store.read() as session:
        return float(session.execute(text("SELECT pg_database_size(current_database())")).scalar_one()) / 1e6


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def _ms(seconds: float) -> str:
    return f"{1000 * seconds:,.0f} ms" if seconds < 10 else f"{seconds:,.0f} s"
