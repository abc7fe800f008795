"""Scale, checked: real processes that do what the simulated workers do, beside what the simulation says of them."""

import multiprocessing
import os
import random
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import simpy

from benchmarks.scale import CORES, WRITES, commit_s
from benchmarks.scale_model import (
    EPOCHS,
    Database,
    Steps,
    Transaction,
    Worker,
    quantile,
)
from benchmarks.scale_workers import FASTER, HORIZON_S, RAMP_S, RealWorker, Seen, Took
from engine.spec.grid import make_spec
from engine.store import listing, workers
from engine.store.add import add_runs
from engine.store.database import Store, open_store
from tests.support.postgres import server

COUNTS = (2, 4, 8, 16)
RUNS = 1_000
MANY = 1_000_000
"""Shares of the write lock."""
TITLE = f"Scale, checked by real processes: intervals {FASTER:g} times shorter, {HORIZON_S:g} s each, {RUNS:,} runs"
HEADINGS = (
    "workers", "of", "claims/s", "writes/s", "claim p50", "renewal p50", "p99", "begin p50", "cores: workers", "server",
    "others",
)  # fmt: skip


def measure() -> Iterator[str]:
    with tempfile.TemporaryDirectory() as folder, server(is_durable=True) as running:
        disk_s = commit_s(Path(folder))
        yield f"- {CORES} cores, load {os.getloadavg()[0]:.1f}, disk {1000 * disk_s:.2f} ms a commit (median)"
        for name, lanes, new in (
            ("SQLite", 0, lambda number: f"sqlite:///{folder}/{number}.db"),
            ("PostgreSQL", CORES, lambda _number: running.new_database()),
        ):
            yield f"\n### {name}\n\n| {' | '.join(HEADINGS)} |\n|{' ---: |' * len(HEADINGS)}"
            for count in COUNTS:
                yield from _cell(new, count, lanes, disk_s)


def _cell(new: Callable[[int], str], count: int, lanes: int, disk_s: float) -> Iterator[str]:
    yield f"| {count} | processes | {_real(_filled(new(count)), count)} |"
    here = partial(OneHost, lanes=lanes, commit_s=disk_s)
    yield f"| | model, one host | {_model(_filled(new(100 + count)), count, here)} |"
    apart = partial(Database, lanes=lanes, commit_s=disk_s)
    yield f"| | model | {_model(_filled(new(200 + count)), count, apart)} |"


def _filled(url: str) -> str:
    store = open_store(url)
    add_runs(store, [make_spec({"data": "digits", "epochs": EPOCHS, "seed": seed}) for seed in range(RUNS)])
    store.close()
    return url


def _row(took: Took) -> str:
    writes = sum(len(took[name]) for name in WRITES) / HORIZON_S
    claims, renewals = took["claim"], took["renewal"]
    times = (
        quantile(claims, 0.5),
        quantile(renewals, 0.5),
        quantile(renewals, 0.99),
        quantile(took["begin"], 0.5),
    )
    return f"{len(claims) / HORIZON_S:.1f} | {writes:,.0f} | " + " | ".join(
        f"{1000 * each:,.1f} ms" for each in times
    )


class OneHost(Database):
    """Run table on the host of all its callers, which share its cores: so it is in this check, where the simulation has
    each worker on a host of its own."""

    def __init__(self, env: simpy.Environment, store: Store, lanes: int, commit_s: float) -> None:
        super().__init__(env, store, lanes, commit_s)
        self._is_server = bool(lanes)
        self._cores, self._lock = simpy.Resource(env, CORES), simpy.Container(env, MANY, init=MANY)

    def _outside(self, seconds: float) -> Steps:
        with self._cores.request() as core:
            yield core
            yield self.env.timeout(seconds)

    def _transact(self, each: Transaction) -> Steps:
        is_beside = self._is_server and each.kind == "beside"
        share = 0 if each.kind == "read" else 1 if is_beside else MANY
        if share:
            yield self._lock.get(share)
        yield from self._outside(each.caller_s + each.server_s)
        if share:
            yield self.env.timeout(self.commit_s)
            yield self._lock.put(share)
        return 0.0


def _model(url: str, count: int, made: Callable[[simpy.Environment, Store], Database]) -> str:
    store, env, draws = open_store(url), simpy.Environment(), random.Random(count)
    database = made(env, store)
    for number in range(count):
        worker = Worker(database, store, _register(store), RAMP_S * number / count, draws, faster=FASTER)
        env.process(worker.work())
    env.run(until=RAMP_S)
    database.begin_anew()
    env.run(until=RAMP_S + HORIZON_S)
    store.close()
    return f"{_row(database.took_s)} | | | "


def _register(store: Store) -> int:
    return workers.register(store, pid=os.getpid(), device="cpu", device_name="simulated")


def _real(url: str, count: int) -> str:
    """Let processes work, and give the row of what they saw. Raises AssertionError where a run was trained twice."""
    context = multiprocessing.get_context("fork")  # which spares each the imports
    gate, found = context.Event(), context.Queue()
    processes = [
        context.Process(target=_work, args=(url, number, count, gate, found)) for number in range(count)
    ]
    for process in processes:
        process.start()
    for _ in processes:
        found.get()  # each says when it is ready
    gate.set()
    time.sleep(RAMP_S)
    before_s, began = _processor_s(), time.perf_counter()
    seen: list[Seen] = [found.get() for _ in processes]
    all_s, elapsed_s = _processor_s() - before_s, time.perf_counter() - began
    for process in processes:
        process.join()
    _check(url)
    took: Took = defaultdict(list)
    for each in seen:
        for name, times in each.took.items():
            took[name] += times
    own = sum(each.processor_s for each in seen) / HORIZON_S
    server_s = sum(each.server_s for each in seen) / HORIZON_S
    return f"{_row(took)} | {own:.2f} | {server_s:.2f} | {max(all_s / elapsed_s - own - server_s, 0.0):.2f}"


def _processor_s() -> float:
    """Return the busy seconds of all cores since the host's start; others than the workers' are the server's too."""
    ticks = [int(each) for each in Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:]]
    return (sum(ticks[:8]) - ticks[3] - ticks[4]) / os.sysconf("SC_CLK_TCK")


def _check(url: str) -> None:
    store = open_store(url)
    with store.read() as session:
        runs = [listing.get_run(session, run_id) for run_id in range(1, RUNS + 1)]
    store.close()
    assert all(run.attempt <= 1 for run in runs), "a run was claimed twice"
    assert all(run.epoch == EPOCHS for run in runs if run.status == "done"), "an end was lost"


def _work(url: str, number: int, count: int, gate: Any, found: Any) -> None:
    """Be one worker: a thread that supervises, and one that trains."""
    store = open_store(url)
    worker = RealWorker(store, _register(store))
    found.put("ready")
    gate.wait()
    worker.run(RAMP_S * number / count)
    found.put(worker.seen)
    store.close()
