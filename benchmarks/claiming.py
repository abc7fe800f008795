"""Claims per second by 8 processes from one SQLite file."""

import multiprocessing
import statistics
import tempfile
import time
from collections.abc import Iterator

from engine.spec.grid import make_spec
from engine.store import queue, workers
from engine.store.add import add_runs
from engine.store.database import open_store

TITLE = "Claims: 8 processes, 4,000 runs, synchronous=FULL"
PROCESSES, RUNS = 8, 4_000


def measure() -> Iterator[str]:
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{folder}/runs.db"
        store = open_store(url)
        began = time.perf_counter()
        add_runs(store, [make_spec({"data": "digits", "seed": seed}) for seed in range(RUNS)])
        yield f"- add of {RUNS:,} runs: {time.perf_counter() - began:.2f} s"
        context = multiprocessing.get_context("spawn")
        gate, found = context.Event(), context.Queue()
        processes = [context.Process(target=_claim_all, args=(url, gate, found)) for _ in range(PROCESSES)]
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
    waits = sorted(wait for _, times in results for wait in times)
    assert sorted(claimed) == list(range(1, RUNS + 1)), "a run was claimed twice or never"
    yield f"- {RUNS / elapsed_s:,.0f} claims a second, each run once"
    yield (
        f"- wait of one claim: median {1000 * statistics.median(waits):.1f} ms, "
        f"p99 {1000 * waits[int(0.99 * len(waits))]:.0f} ms, longest {1000 * waits[-1]:.0f} ms (n = {len(waits):,})"
    )


def _claim_all(url: str, gate, found) -> None:  # type: ignore[no-untyped-def]
    store = open_store(url)
    worker = workers.register(store, pid=1, device="cpu", device_name="bench")
    found.put("ready")
    gate.wait()
    ids, times = [], []
    while True:
        began = time.perf_counter()
        held = queue.claim(store, worker)
        times.append(time.perf_counter() - began)
        if held is None:
            break
        ids.append(held.run_id)
    found.put((ids, times))
