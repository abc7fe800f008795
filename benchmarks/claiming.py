"""Claims per second by 8 processes: from one SQLite file, from PostgreSQL, and from it by psycopg alone."""

import multiprocessing
import os
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from sqlalchemy import URL, make_url
from sqlalchemy.dialects import postgresql

from engine.spec.grid import make_spec
from engine.store import queue, workers
from engine.store.add import add_runs
from engine.store.backends.postgresql import PostgresqlBackend
from engine.store.database import open_store
from engine.store.utc import utc_now
from tests.support.postgres import server

TITLE = "Claims: 8 processes, 4,000 runs, each commit on the disk"
PROCESSES, RUNS, ROUNDS = 8, 4_000, 3

Claim = Callable[[], int | None]


def measure() -> Iterator[str]:
    with tempfile.TemporaryDirectory() as folder:
        yield f"- SQLite: {_told(_round(f'sqlite:///{folder}/runs.db', _by_store))}"
    with server(is_durable=True) as running:
        ours, raw = [], []
        for _ in range(ROUNDS):  # in turn
            ours.append(_round(running.new_database(), _by_store))
            raw.append(_round(running.new_database(), _by_psycopg))
        yield from (f"- PostgreSQL: {_told(each)}" for each in ours)
        yield from (f"- PostgreSQL, the same UPDATE by psycopg alone: {_told(each)}" for each in raw)
        ratios = sorted(mine[0] / bare[0] for mine, bare in zip(ours, raw, strict=True))
        spread = f"{statistics.median(ratios):.2f} ({ratios[0]:.2f} to {ratios[-1]:.2f}; n = {ROUNDS})"
        yield f"- PostgreSQL, claims a second ÷ psycopg's: {spread}"


def _told(round_: tuple[float, list[float]]) -> str:
    rate, waits = round_
    return (
        f"{rate:,.0f} claims a second, each run once; wait of one: median {1000 * statistics.median(waits):.1f} ms, "
        f"p99 {1000 * waits[int(0.99 * len(waits))]:.0f} ms, longest {1000 * waits[-1]:.0f} ms (n = {len(waits):,})"
    )


def _round(url: str, claims: "Callable[[str], Iterator[Claim]]") -> tuple[float, list[float]]:
    """Return the claims a second, and the sorted waits in seconds."""
    store = open_store(url)
    add_runs(store, [make_spec({"data": "digits", "seed": seed}) for seed in range(RUNS)])
    store.close()
    context = multiprocessing.get_context("spawn")
    gate, found = context.Event(), context.Queue()
    processes = [
        context.Process(target=_claim_all, args=(url, claims, gate, found)) for _ in range(PROCESSES)
    ]
    for process in processes:
        process.start()
    for _ in processes:
        found.get()  # each says when it is ready
    began = time.perf_counter()
    gate.set()
    results = [found.get() for _ in processes]
    elapsed_s = time.perf_counter() - began
    for process in processes:
        process.join()
    claimed = [run_id for ids, _ in results for run_id in ids]
    assert sorted(claimed) == list(range(1, RUNS + 1)), "a run was claimed twice or never"
    return RUNS / elapsed_s, sorted(wait for _, times in results for wait in times)


def _claim_all(url, claims, gate, found) -> None:  # type: ignore[no-untyped-def]
    with contextmanager(claims)(url) as claim:
        found.put("ready")
        gate.wait()
        ids, times = [], []
        while True:
            began = time.perf_counter()
            run_id = claim()
            times.append(time.perf_counter() - began)
            if run_id is None:
                break
            ids.append(run_id)
    found.put((ids, times))


def _by_store(url: str) -> Iterator[Claim]:
    store = open_store(url)
    worker = workers.register(store, pid=os.getpid(), device="cpu", device_name="bench")

    def claim() -> int | None:
        held = queue.claim(store, worker)
        return None if held is None else held.run_id

    yield claim
    store.close()


def _by_psycopg(url: str) -> Iterator[Claim]:
    import psycopg

    store = open_store(url)
    worker = workers.register(store, pid=os.getpid(), device="cpu", device_name="bench")
    store.close()
    backend = PostgresqlBackend(make_url(url))
    statement = queue._claiming(backend.clock_s, backend.change).compile(
        dialect=postgresql.dialect(paramstyle="pyformat")
    )
    values = {**statement.params, "claimer": worker, "now": utc_now()}
    plain: URL = make_url(url).set(drivername="postgresql")
    connection = psycopg.connect(plain.render_as_string(hide_password=False))

    def claim() -> int | None:
        row = connection.execute(str(statement), values).fetchone()
        connection.commit()
        return None if row is None else int(row[0])

    yield claim
    connection.close()
