"""Cost of the reasons and times of waiting runs at 10,000 runs."""

import os
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from functools import partial

from sqlalchemy import text

from engine.queries import waiting
from engine.spec.grid import make_spec
from engine.store import queue, workers
from engine.store.add import add_runs
from engine.store.database import Store, open_store
from engine.store.edits import order
from engine.store.edits.undo import undo

TITLE = "Why 10,000 runs wait, and until when: 4 workers, 100 measured runs"
RUNS, MEASURED, PAGE, TIMES = 10_000, 100, 60, 15


def measure() -> Iterator[str]:
    with tempfile.TemporaryDirectory() as folder:
        store = open_store(f"sqlite:///{folder}/runs.db")
        archs = ("resnet18", "resnet34", "resnet50")
        specs = [
            make_spec({"data": "digits", "seed": seed, "arch": archs[seed % 3]})
            for seed in range(RUNS + MEASURED)
        ]
        add_runs(store, specs)
        add_runs(store, specs[:20], after=[RUNS + MEASURED])
        _measured(store)
        for place, first in (("first", MEASURED + 5), ("last", RUNS + MEASURED - PAGE)):
            ids = list(range(first, first + PAGE))
            yield f"- reasons and times of the {place} page of {PAGE}: {_ms(partial(_page, store, ids))}"
        yield f"- reasons and times of all: {_ms(lambda: _page(store, None))}"
        yield f"- reasons of all, without times: {_ms(lambda: _reasons(store))}"
        everything = list(range(MEASURED + 5, RUNS + MEASURED))
        began = time.perf_counter()
        order.set_priority(store, everything, 3)
        yield f"- a priority for {len(everything):,} runs: {time.perf_counter() - began:.2f} s"
        began = time.perf_counter()
        undo(store)
        yield f"- undo of it: {time.perf_counter() - began:.2f} s"


def _measured(store: Store) -> None:
    """The first runs are done in 100 s each; four more are running."""
    four = [workers.register(store, pid=os.getpid(), device="cpu", device_name="bench") for _ in range(4)]
    for _ in range(MEASURED):
        held = queue.claim(store, four[0])
        assert held is not None
        queue.end(store, held, "done")
    for worker in four:
        queue.claim(store, worker)
    with store.write() as session:
        session.execute(text(
            "UPDATE run SET images_per_s = 150, steps_per_epoch = 45, epoch = 10, step = 450, "
            "environment = '{\"device_name\": \"bench\"}', started_at = '2026-05-01 10:00:00', "
            f"ended_at = '2026-05-01 10:01:40' WHERE id <= {MEASURED}"
        ))  # fmt: skip
        session.execute(text(
            "UPDATE run SET images_per_s = 150, steps_per_epoch = 45, epoch = 3, step = 140 WHERE status = 'running'"
        ))  # fmt: skip
        for epoch in range(1, 11):
            session.execute(text(
                "INSERT INTO epoch_metrics (run_id, epoch, attempt, images_per_s, recall, answers) "
                f"SELECT id, {epoch}, 1, 150, '[]', '[]' FROM run WHERE id <= {MEASURED}"
            ))  # fmt: skip


def _page(store: Store, ids: list[int] | None) -> None:
    with store.read() as session:
        found = waiting.waits(session, ids)
    assert len(found) >= PAGE and all(each.starts for each in found.values() if each.reason == "next")


def _reasons(store: Store) -> None:
    with store.read() as session:
        assert len(waiting.reasons(session)) >= RUNS - 4


def _ms(do: Callable[[], None]) -> str:
    waits, works = [], []
    for _ in range(TIMES):
        began, worked = time.perf_counter(), time.process_time()
        do()
        waits.append(1000 * (time.perf_counter() - began))
        works.append(1000 * (time.process_time() - worked))
    middle, work = statistics.median(waits), statistics.median(works)
    return (
        f"median {middle:.0f} ms, of processor time {work:.0f} ms, longest {max(waits):.0f} ms (n = {TIMES})"
    )
