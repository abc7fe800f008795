"""Simulation of many workers at one run table (SimPy): time is simulated, the calls to the store are real.

Each call's transactions are timed as they are made. In simulated time they queue for the database: a writer of SQLite
has the table to itself; PostgreSQL has as many lanes as cores, of which a transaction that writes alone takes all."""

import random
import statistics
import time
from collections import defaultdict
from collections.abc import Callable, Generator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Literal, TypeVar

import simpy
from sqlalchemy import event

from engine.store import history, listing, queue, workers
from engine.store.claims import LEASE_S, Claim
from engine.store.database import Store
from engine.training.session import FLUSH_EVERY_S
from engine.worker.training_process import ASK_EVERY_S
from engine.worker.worker import BEAT_EVERY_S, IDLE_S, SPARE_LOOK_EVERY_S
from tests.support.studies import GRADES, LABELS, confusion, measured

EPOCHS, EPOCH_S = 3, 10.0
"""Of each simulated run. Real ones are longer, and claim and end less often."""
SAMPLES = 200
"""Real calls of each kind that change nothing for others; after these their times are drawn from those measured."""
Kind = Literal["alone", "beside", "read"]
Steps = Generator[simpy.Event, Any, Any]
T = TypeVar("T")


@dataclass
class Transaction:
    """Processor seconds of a transaction, from its lock to its commit: of who calls, and of the server."""

    kind: Kind
    caller_s: float = 0.0
    server_s: float = 0.0


class Meter:
    """Times the transactions of calls to a store, which come one after the other. Processor time, as other work beside
    does not count in it; it has no waiting for the disk."""

    def __init__(self, store: Store) -> None:
        self._store, self._made = store, list[Transaction]()
        self._began_s = self._server_began_s = 0.0
        self._is_open = False
        event.listen(store.engine, "begin", self._on_begin)  # behind the backend's own, which takes the lock
        event.listen(store.engine, "checkin", self._on_checkin)

    def __call__(self, call: Callable[[], T]) -> tuple[T, float, list[Transaction]]:
        """Return the call's result, its caller's seconds outside of transactions, and its transactions."""
        self._made = []
        began_s = time.thread_time()
        result = call()
        all_s = time.thread_time() - began_s
        return result, max(all_s - sum(each.caller_s for each in self._made), 0.0), self._made

    def _on_begin(self, connection: Any) -> None:
        options, backend = connection.get_execution_options(), self._store.backend
        is_row = all(options.get(name) == value for name, value in backend.row_options.items())
        is_alone = all(options.get(name) == value for name, value in backend.write_options.items())
        self._made.append(Transaction("beside" if is_row else "alone" if is_alone else "read"))
        self._is_open = True
        self._server_began_s = self._server_s(connection.connection.dbapi_connection)
        self._began_s = time.thread_time()

    def _on_checkin(self, connection: Any, _record: Any) -> None:
        if self._is_open:
            self._made[-1].caller_s = time.thread_time() - self._began_s
            self._made[-1].server_s = self._server_s(connection) - self._server_began_s
            self._is_open = False

    def _server_s(self, connection: Any) -> float:
        """Return the processor seconds of the connection's process on the server, which is this host; 0 without one."""
        if self._store.path is not None:
            return 0.0
        return int(Path(f"/proc/{connection.info.backend_pid}/schedstat").read_text().split()[0]) / 1e9


class Database:
    """Run table in simulated time. `lanes` is 0 for SQLite, else the cores of PostgreSQL's host."""

    def __init__(self, env: simpy.Environment, store: Store, lanes: int, commit_s: float) -> None:
        """`commit_s`: seconds of the disk in a commit."""
        self.env, self._meter, self._lanes, self.commit_s = env, Meter(store), lanes, commit_s
        self._room = max(lanes, 1)
        self._free = simpy.Container(env, self._room, init=self._room)
        self._known: dict[str, list[tuple[Any, float, list[Transaction]]]] = defaultdict(list)
        self._draws = random.Random(0)
        self._since_s = self.busy_s = 0.0
        """Seconds of lanes that were taken."""
        self.took_s: dict[str, list[float]] = defaultdict(list)
        """Seconds of each call as who made it saw them, waiting included, by name."""
        self.costs_s: dict[str, list[float]] = defaultdict(list)
        """Seconds of lanes in each call, by name."""

    def do(self, name: str, call: Callable[[], Any], *, again: bool = False) -> Steps:
        """Make a call. `again`: after SAMPLES of its name it need not be real."""
        asked, known = self.env.now, self._known[name]
        if again and len(known) >= SAMPLES:
            found = self._draws.choice(known)
        else:
            found = self._meter(call)
            known.append(found)
        result, outside_s, made = found
        yield from self._outside(outside_s)
        cost_s = 0.0
        for each in made:
            cost_s += yield from self._transact(each)
        self.costs_s[name].append(cost_s)
        self.took_s[name].append(self.env.now - asked)
        return result

    def _outside(self, seconds: float) -> Steps:
        """Pass the time of a caller outside of transactions."""
        yield self.env.timeout(seconds)

    def _transact(self, each: Transaction) -> Steps:
        """Pass the time of a transaction; return the seconds of lanes that it took."""
        lanes, taken_s, free_s = self._needs(each)
        yield from self._take(lanes, taken_s)
        yield self.env.timeout(free_s)
        return lanes * taken_s

    def _needs(self, each: Transaction) -> tuple[int, float, float]:
        """Return the lanes, the seconds in which they are taken, and those of the transaction that take none."""
        commit_s = 0.0 if each.kind == "read" else self.commit_s
        whole_s = each.caller_s + each.server_s + commit_s
        if each.kind == "alone" or (not self._lanes and each.kind != "read"):
            return self._room, whole_s, 0.0
        if not self._lanes:  # readers of SQLite take nobody's turn
            return 0, 0.0, whole_s
        return 1, each.server_s, each.caller_s + commit_s

    def _take(self, lanes: int, seconds: float) -> Steps:
        if lanes:
            yield self._free.get(lanes)
            yield self.env.timeout(seconds)
            self.busy_s += lanes * seconds
            yield self._free.put(lanes)

    def begin_anew(self) -> None:
        """Forget what was measured so far; the times of known calls stay."""
        self.busy_s, self._since_s = 0.0, self.env.now
        self.took_s.clear()

    def busy_share(self) -> float:
        return self.busy_s / (self._room * (self.env.now - self._since_s))


@dataclass
class Worker:
    """A worker as the store sees it: its claims, and what it and its trainings write and ask."""

    database: Database
    store: Store
    worker_id: int
    starts_s: float
    draws: random.Random
    trains: bool = True
    faster: float = 1.0
    """Times that all its intervals are shorter than a real worker's."""
    claimed: list[int] = field(default_factory=list)

    def work(self) -> Steps:
        env = self.database.env
        yield env.timeout(self.starts_s)
        if self.trains:
            env.process(self._every(BEAT_EVERY_S, "heartbeat", self._beat))
            env.process(self._every(SPARE_LOOK_EVERY_S, "look at the queue", self._look))
        while True:
            held = yield from self.database.do("claim", lambda: queue.claim(self.store, self.worker_id))
            if held is None and not self.trains:
                return
            if held is None:
                yield env.timeout(IDLE_S / self.faster)
                continue
            self.claimed.append(held.run_id)
            if self.trains:
                yield from self._train(held)

    def _every(
        self, seconds: float, name: str, call: Callable[[], Any], until: list[bool] | None = None
    ) -> Steps:
        interval_s = seconds / self.faster
        yield self.database.env.timeout(self.draws.random() * interval_s)
        while not until:
            yield from self.database.do(name, call, again=True)
            yield self.database.env.timeout(interval_s)

    def _train(self, held: Claim) -> Steps:
        env, do, store, over = self.database.env, self.database.do, self.store, list[bool]()
        yield from do("begin", lambda: history.begin_attempt(store, held, start()))
        env.process(self._every(LEASE_S / 3, "renewal", lambda: queue.renew(store, held), over))
        env.process(self._every(ASK_EVERY_S, "request", lambda: self._request(held), over))
        env.process(self._every(FLUSH_EVERY_S, "progress", lambda: progress(store, held), over))
        for epoch in range(EPOCHS + 1):
            if epoch:
                yield env.timeout(EPOCH_S / self.faster)
            yield from do("epoch", partial(end_epoch, store, held, epoch))
            yield from do("checkpoint", lambda: history.record_checkpoint(store, held))
        over.append(True)
        yield env.timeout(0)
        yield from do("end", lambda: queue.end(store, held, "done"))

    def _beat(self) -> None:
        beat(self.store, self.worker_id)

    def _look(self) -> None:
        look(self.store, self.worker_id, self.claimed[-1] if self.claimed else None)

    def _request(self, held: Claim) -> None:
        with self.store.read() as session:
            listing.find_run(session, held.run_id)


def beat(store: Store, worker_id: int) -> None:
    workers.beat(store, worker_id, state="running", telemetry={"cpu_percent": 97.0})


def look(store: Store, worker_id: int, run_id: int | None) -> None:
    """Look at the queue, and at the run in training, as a worker does that may want a warm process."""
    with store.read() as session:
        queue.has_claimable(session, worker_id)
        if run_id is not None:
            listing.find_run(session, run_id)


def start() -> history.Start:
    return history.Start(-1, 0, None, 100, 0.5, GRADES, {"device": "cpu", "precision": "fp32"}, True)


def progress(store: Store, held: Claim) -> None:
    loss = history.Losses(bucket=1, width=10, minimum=0.5, maximum=1.5, mean=1.0, last=1.0)
    history.record_progress(store, held, step=10, images_per_s=100.0, losses=[loss])


def end_epoch(store: Store, held: Claim, epoch: int) -> None:
    matrix = confusion(LABELS, 0.5)
    best = history.Best(max(epoch, 1), 0.9, 0.9, 0.8, 0.7) if epoch else None
    history.record_epoch(store, held, measured(held, epoch, matrix), matrix, best=best, judgement=None)


def quantile(values: list[float], share: float) -> float:
    """Return a quantile; the largest value where there are few."""
    ordered = sorted(values)
    return ordered[min(int(share * len(ordered)), len(ordered) - 1)]


def mean_ms(values: list[float]) -> float:
    return 1000 * statistics.fmean(values)
