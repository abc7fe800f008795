"""A process that writes like a worker and its user, or reads like the app, as fast as it can for some seconds, and on
a busy machine for as long as it takes to do so ROUNDS times."""

import json
import os
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path

from engine.queries.read_news import read_news
from engine.spec.grid import make_spec
from engine.store import history, queue, workers
from engine.store.add import add_runs
from engine.store.claims import Claim
from engine.store.database import Store, open_store
from engine.store.edits import notes_and_tags, order
from engine.store.edits.undo import undo
from engine.store.errors import QueueError
from tests.support.studies import train
from tui.feeds.run_table_feed import RunTableFeed

EPOCHS, ROUNDS = 3, 4


class Timed:
    """Calls things, and knows how many and the longest."""

    def __init__(self) -> None:
        self.calls, self.longest_s = 0, 0.0

    def __call__(self, act: Callable[[], object]) -> object:
        """A refusal is no error: others edit and claim the same runs."""
        began = time.perf_counter()
        try:
            result = act()
        except QueueError:
            result = None
        self.calls, self.longest_s = self.calls + 1, max(self.longest_s, time.perf_counter() - began)
        return result


def rounds(seconds: float) -> Iterator[int]:
    """Count until the time is up and ROUNDS are done."""
    deadline = time.monotonic() + seconds
    for number in count():
        if number >= ROUNDS and time.monotonic() >= deadline:
            return
        yield number


def write(url: str, seconds: float, timed: Timed) -> None:
    store = open_store(url)
    worker = workers.register(store, pid=os.getpid(), device="cpu", device_name="crowd")
    for _ in rounds(seconds):
        [run_id] = add_runs(store, [make_spec({"data": "digits", "epochs": EPOCHS})]).ids
        timed(lambda ours=run_id: notes_and_tags.set_note(store, [ours], "mine"))  # type: ignore[misc]
        timed(lambda ours=run_id: notes_and_tags.tag(store, [ours], add=["crowd"], remove=[]))  # type: ignore[misc]
        timed(lambda ours=run_id: order.set_priority(store, [ours], os.getpid() % 3))  # type: ignore[misc]
        held = timed(lambda: queue.claim(store, worker))
        if isinstance(held, Claim):  # maybe another's, as ours may be another's
            _work(store, worker, held, timed)
        timed(lambda: undo(store))
    store.close()


def _work(store: Store, worker: int, held: Claim, timed: Timed) -> None:
    timed(lambda: train(store, held, EPOCHS, skill=0.5))
    timed(lambda: workers.beat(store, worker, state="running", telemetry={"cpu_percent": 50.0}))
    timed(lambda: queue.renew(store, held))
    timed(lambda: history.record_checkpoint(store, held))
    timed(lambda: queue.end(store, held, "done"))


def read(url: str, seconds: float, timed: Timed) -> None:
    """Polls the app's snapshot and the news; AssertionError where it sees a run half-written."""
    store, feed = open_store(url), RunTableFeed(url)
    for _ in rounds(seconds):
        snapshot = timed(lambda: feed.poll(None))
        if snapshot is not None:
            detail = feed.poll(None)
            assert detail is None or detail.detail is None or _is_whole(detail.detail.curve.epochs)
        with store.read() as session:
            timed(lambda: read_news(session, datetime.now(UTC) - timedelta(seconds=5)))
            for run_id in session.connection().exec_driver_sql("SELECT max(id) FROM run").scalars():
                assert _is_whole(tuple(row.epoch for row in history.epochs_of(session, run_id or 0)))
        time.sleep(0.1)  # the app polls no faster
    feed.close()
    store.close()


def _is_whole(epochs: tuple[int, ...]) -> bool:
    """In order and without a gap. A curve leaves epoch 0 out once there is another."""
    return not epochs or list(epochs) == list(range(epochs[0], epochs[0] + len(epochs)))


def take_part(what: str, url: str, seconds: float, results: Path) -> None:
    """Write or read, and write how many calls that were, and how long one took at most, to `results`.json; what is said
    meanwhile goes to `results`.err."""
    os.dup2(os.open(results.with_suffix(".err"), os.O_WRONLY | os.O_CREAT, 0o600), 2)
    sys.stderr = os.fdopen(2, "w", buffering=1)
    times = Timed()
    {"write": write, "read": read}[what](url, seconds, times)
    found = {"calls": times.calls, "longest_s": round(times.longest_s, 3)}
    results.with_suffix(".json").write_text(json.dumps(found))
