"""Worker of one process for the check of the simulation: its calls are real, its trainings are pauses."""

import contextlib
import random
import resource
import threading
import time
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy import event

from benchmarks.scale_model import EPOCH_S, EPOCHS, beat, end_epoch, look, progress, start
from engine.store import history, listing, queue
from engine.store.claims import LEASE_S, Claim
from engine.store.database import Store
from engine.store.errors import LeaseLost
from engine.training.session import FLUSH_EVERY_S
from engine.worker.training_process import ASK_EVERY_S
from engine.worker.worker import BEAT_EVERY_S, IDLE_S, SPARE_LOOK_EVERY_S

FASTER = 20.0
"""Times that all intervals and epochs are shorter than real ones: the load of 20 workers for each process."""
RAMP_S, HORIZON_S = EPOCHS * EPOCH_S / FASTER, 6.0
"""Seconds in which the workers start, and those after them, which count."""
Took = dict[str, list[float]]


@dataclass
class Seen:
    """Measurements of a process: seconds of its calls by name, and of the processor, the server's for it included."""

    took: Took = field(default_factory=lambda: defaultdict(list))
    processor_s: float = 0.0
    server_s: float = 0.0


class RealWorker:
    """Worker of one process, whose calls are real and wait for each other as a worker's and a training's do."""

    def __init__(self, store: Store, worker_id: int) -> None:
        self.seen = Seen()
        self._store, self._id = store, worker_id
        self._began_s = time.monotonic()
        self._held: Claim | None = None
        self._servers = set[int]()
        if store.path is None:
            event.listen(store.engine, "begin", self._note_server)

    def _note_server(self, connection: Any) -> None:
        self._servers.add(connection.connection.dbapi_connection.info.backend_pid)

    def _used_s(self) -> tuple[float, float]:
        """Return the processor seconds of this process and of the server's that work for it."""
        used = resource.getrusage(resource.RUSAGE_SELF)
        paths = [Path(f"/proc/{pid}/schedstat") for pid in self._servers]
        return used.ru_utime + used.ru_stime, sum(int(each.read_text().split()[0]) for each in paths) / 1e9

    def run(self, starts_after_s: float) -> None:
        self._began_s = time.monotonic()
        time.sleep(starts_after_s)
        training = threading.Thread(target=self._train_all)
        training.start()
        supervising = threading.Thread(target=self._supervise)
        supervising.start()
        time.sleep(max(self._began_s + RAMP_S - time.monotonic(), 0))
        before_s, of_server_s = self._used_s()
        time.sleep(HORIZON_S)
        now_s, server_s = self._used_s()
        self.seen.processor_s, self.seen.server_s = now_s - before_s, server_s - of_server_s
        for each in (training, supervising):
            each.join()

    @property
    def _is_over(self) -> bool:
        return time.monotonic() > self._began_s + RAMP_S + HORIZON_S

    def _do(self, name: str, call: Callable[[], Any]) -> Any:
        began = time.monotonic()
        result = call()
        ended = time.monotonic()
        if 0 <= ended - self._began_s - RAMP_S <= HORIZON_S:
            self.seen.took[name].append(ended - began)
        return result

    def _supervise(self) -> None:
        """Do what is due, one after the other, as a worker's only thread does."""
        intervals: dict[str, float] = {
            "heartbeat": BEAT_EVERY_S, "look": SPARE_LOOK_EVERY_S, "renewal": LEASE_S / 3, "request": ASK_EVERY_S,
        }  # fmt: skip
        due = {name: time.monotonic() + random.random() * each / FASTER for name, each in intervals.items()}
        while not self._is_over:
            name = min(due, key=due.__getitem__)
            time.sleep(max(due[name] - time.monotonic(), 0))
            held = self._held
            if name == "heartbeat":
                self._do(name, lambda: beat(self._store, self._id))
            elif name == "look":
                self._do(name, partial(look, self._store, self._id, held.run_id if held else None))
            elif held is not None:
                with contextlib.suppress(LeaseLost):  # the run has just ended
                    self._do(name, partial(self._renew if name == "renewal" else self._request, held))
            due[name] = time.monotonic() + intervals[name] / FASTER

    def _renew(self, held: Claim) -> None:
        queue.renew(self._store, held)

    def _request(self, held: Claim) -> None:
        with self._store.read() as session:
            listing.find_run(session, held.run_id)

    def _train_all(self) -> None:
        while not self._is_over:
            held = self._do("claim", lambda: queue.claim(self._store, self._id))
            if held is None:
                time.sleep(IDLE_S / FASTER)
                continue
            self._train(held)

    def _train(self, held: Claim) -> None:
        self._do("begin", lambda: history.begin_attempt(self._store, held, start()))
        self._held = held
        for epoch in range(EPOCHS + 1):
            if epoch:
                self._take_steps(held)
            self._do("epoch", partial(end_epoch, self._store, held, epoch))
            self._do("checkpoint", partial(history.record_checkpoint, self._store, held))
        self._held = None
        self._do("end", lambda: queue.end(self._store, held, "done"))

    def _take_steps(self, held: Claim) -> None:
        """Let an epoch pass, with writes of its progress; it takes longer where these take long."""
        until = time.monotonic() + EPOCH_S / FASTER
        while (left_s := until - time.monotonic()) > 0:
            time.sleep(min(FLUSH_EVERY_S / FASTER, left_s))
            if time.monotonic() < until:
                self._do("progress", partial(progress, self._store, held))
