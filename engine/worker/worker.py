"""Claim runs and have each trained in a process of its own.

The worker supervises and never trains: it imports no torch and holds no memory of the card."""

import contextlib
import os
import selectors
import signal
import time
from argparse import Namespace
from collections.abc import Sequence

from engine.alerts.dispatch import Dispatcher
from engine.files.disk_errors import disk_problem, is_of_the_whole_disk
from engine.files.paths import Home
from engine.hardware import linger, processes
from engine.store import listing, queue, workers
from engine.store.advice import ADVICE
from engine.store.alerts import NewChannel
from engine.store.claims import Claim
from engine.store.database import Store
from engine.store.errors import LeaseLost, StoreError
from engine.store.status import ASKED, DRAINING
from engine.text import log
from engine.worker.core_shares import CoreShares
from engine.worker.cpu_slots import learning_slots
from engine.worker.endings import Ending
from engine.worker.find_device import Found, WorkerError, card_memory_gb, find_device, place_of_memory
from engine.worker.left_behind import Draining, LostRuns
from engine.worker.orders import Order
from engine.worker.run_claims import RunClaims
from engine.worker.shutdown import Shutdown, Urgency
from engine.worker.system_watch import SystemWatch
from engine.worker.training_process import CannotStart, Tolerance, TrainingProcess
from engine.worker.warm_process import WarmProcesses

IDLE_S = 0.25
BEAT_EVERY_S = 1.0
SPARE_LOOK_EVERY_S = 2.0
SPARE_IDLE_S = 30.0
"""Seconds that a warm process is kept while nothing is queued."""
MAX_CARDS = 16
"""More than a host has: how often `auto` looks for a free one."""
PATIENCE_S = 600.0
"""Seconds that the run table may be out of reach before the worker exits."""
RETRY_EVERY_S = 5.0
ALERTS_S = {Urgency.NONE: 10.0, Urgency.UNHURRIED: 10.0, Urgency.SOON: 1.5, Urgency.NOW: 0.0}
"""Seconds that a worker stays for its last alerts: with SIGTERM it has ten in all."""
BESIDE_OTHERS = " to train alone on the card, for it ran out of memory beside others"


class Worker:
    """One device's worker: `serve` is its life."""

    def __init__(
        self, store: Store, home: Home, found: Found, options: Namespace, brought: Sequence[NewChannel] = ()
    ) -> None:
        """Take the device. `brought`: addresses of alerts that the worker was started with. Raises DeviceTaken."""
        self.store, self.home, self.device = store, home, found.device
        self.id = workers.register(
            store,
            pid=os.getpid(),
            device=found.device,
            device_name=found.name,
            device_uuid=found.uuid,
            memory_gb=card_memory_gb(found),
            memory_place=place_of_memory(found),
            slots=_slots(found, options),
            tags=options.tag,
        )
        self._options = options
        self._alerts = Dispatcher(store, self.id, brought)
        first, *_ = found.each()
        self._system = SystemWatch(store, self.id, *first)
        pays = learning_slots(found.name, options)
        self._claims = RunClaims(store, self.id, found, options, pays=pays)
        self._lost, self._draining = LostRuns(store, options.lease), Draining(store)
        self._cores = CoreShares(
            store, self.id, found.device, slots=_slots(found, options), pays=pays.count if pays else None
        )
        self._spares = WarmProcesses(home, found.device, profiles=options.profile)
        self._claimed_s = 0.0
        """Time of the latest claim, by `time.monotonic`."""
        self._ours: set[int] = set()
        """The latest training process and those that train with it: the driver may still count them."""
        self._unrecorded: TrainingProcess | None = None
        """The latest training process, where its end is not in the run table yet."""
        self._held: Claim | None = None
        self._first_step: int | None = None
        """Of the run in training, when it was first looked at."""
        self._next_beat = self._next_spare_look = 0.0
        self._wanted_spare_at = 0.0
        self._tolerance = Tolerance()
        self._doorbell = _make_doorbell()
        signal.signal(signal.SIGCHLD, lambda *_: None)  # only to ring: a child has ended
        self._shutdown = Shutdown(options.until)
        self._shutdown.listen()

    def serve(self) -> None:
        """Claim and supervise until told to leave, until `--max-runs` have ended, or with `--drain` until none is
        left. Raises StoreError where the run table stays out of reach, CannotStart where no run can be started."""
        ended, reached_at = 0, time.monotonic()
        self._alerts.start()
        try:
            while not self._leaves(ended):
                try:
                    held = self._claim()
                    if held is not None:
                        self._draining.begin_again()
                        bad_end = self._train(held)
                        # Patience with the run table begins anew, however long the run took.
                        ended, reached_at = ended + 1, time.monotonic()
                        self._tell_how_it_ended(held, bad_end)
                    elif self._options.drain and self._draining.is_done():
                        return
                    else:
                        self._attend(self._claims.busy or "idle")
                        self._doze(IDLE_S)
                    reached_at = time.monotonic()
                except (StoreError, CannotStart) as error:
                    if time.monotonic() - reached_at > PATIENCE_S:
                        raise
                    log(f"{error}; trying again")
                    self._doze(RETRY_EVERY_S)
        finally:
            self._spares.drop()
            self._alerts.close(ALERTS_S[self._shutdown.urgency])
            workers.leave(self.store, self.id)

    def _leaves(self, ended: int) -> bool:
        """Return True where the worker exits after this many ended runs."""
        most = self._options.max_runs
        return (
            bool(self._shutdown.urgency)
            or self._shutdown.after_this_run
            or (most is not None and ended >= most)
        )

    @property
    def urgency(self) -> Urgency:
        """Urgency of the requested shutdown."""
        return self._shutdown.urgency

    def _claim(self) -> Claim | None:
        """Claim the next run, unless it has to wait for the device. Raises StoreError."""
        if self._unrecorded is not None:  # before its expired lease would be taken for the loss of a worker
            self._unrecorded.record()
            self._unrecorded = None
        self._lost.look()
        held = self._claims.next(self._ours)
        self._claimed_s = time.monotonic()
        return held

    def _train(self, held: Claim) -> Ending | None:
        """Gives the bad end that the worker recorded.

        Raises CannotStart, with the run queued again, for what would end all other runs alike."""
        log(f"run {held.run_id} starts (attempt {held.attempt})")
        process = self._start(held)
        if process is not None:
            self._ours = {process.pid}
            self._held, self._first_step, self._next_spare_look = held, None, 0.0
            self._system.begin(held, lambda: process.training_counts)
            process.supervise(self._wait_beside_training, lambda: self._shutdown.urgency)
            with self._tolerance:
                self._system.end()
            self._unrecorded = None if process.is_recorded else process
        self._held = None
        self._claims.look_soon()
        return process.bad_end if process is not None else None

    def _start(self, held: Claim) -> TrainingProcess | None:
        """None where the run's own folder cannot be written, with which it has failed. Raises CannotStart."""
        take, lease_s = self._spares.take, self._options.lease
        with contextlib.suppress(LeaseLost):  # it took so long that another has the run
            try:
                share = self._cores.share(held.run_id)
                order = Order(held, self._claimed_s, share)
                return TrainingProcess(self.store, self.home, order, take, lease_s=lease_s)
            except CannotStart:
                queue.put_back(self.store, held)
                raise
            except OSError as error:
                text = (
                    disk_problem(error, writes=True)
                    or f"{error.filename} cannot be written: {error.strerror}"
                )
                if is_of_the_whole_disk(error):
                    queue.put_back(self.store, held)
                    raise CannotStart(text) from None
                queue.end(self.store, held, "failed", cause="disk", error=text, suggestion=ADVICE["disk"])
        return None

    def _tell_how_it_ended(self, held: Claim, bad_end: Ending | None) -> None:
        try:
            with self.store.read() as session:
                run = listing.find_run(session, held.run_id)
        except StoreError as error:
            log(f"run {held.run_id} ended, but its row cannot be read: {error}")
            return
        if run is None:
            log(f"run {held.run_id} has been removed")
        elif run.attempt != held.attempt:
            log(
                f"run {held.run_id} was taken over by another worker: attempt {held.attempt} wrote nothing more"
            )
        elif run.status == "queued":
            log(
                f"run {held.run_id} stopped at epoch {run.epoch}{f' ({bad_end.text})' if bad_end else ''}: "
                f"queued again{BESIDE_OTHERS if run.trains_alone else ''}, resumes from its checkpoint"
            )
        else:
            log(f"run {held.run_id} {run.status}" + (f": {run.error}" if run.error else ""))

    def _wait_beside_training(self) -> None:
        with self._tolerance:
            self._attend("running")
        self._doze(IDLE_S)

    def _attend(self, state: str) -> None:
        """Do what is due: heartbeat, runs of dead workers, the spare process."""
        now = time.monotonic()
        if now >= self._next_beat:
            self._next_beat = now + BEAT_EVERY_S
            self._ours |= {child for pid in self._ours for child in processes.children(pid)}
            self._cores.look(self._ours | self._spares.pids)
            now_in = workers.beat(
                self.store, self.id, state=self._shutdown.told(state), telemetry=self._system.sample()
            )
            if now_in in ASKED:
                self._shutdown.ask(after_this_run=now_in == DRAINING)
            self._system.write_if_due()
        self._lost.look_if_due()
        if now >= self._next_spare_look:
            self._next_spare_look = now + SPARE_LOOK_EVERY_S
            self._look_after_spare(now)

    def _look_after_spare(self, now: float) -> None:
        """Have a process ready while runs wait; none for long where none does.

        It is begun once the run in training takes steps: their beginnings would hold each other up."""
        with self.store.read() as session:
            # A slot that waits because more would not pay may wait for as long as the queue lasts.
            waits = queue.has_claimable(session, self.id) and not self._claims.waits_to_pay
            run = listing.find_run(session, self._held.run_id) if self._held is not None else None
        step = run.step if run is not None else None
        if self._first_step is None:
            self._first_step = step
        if waits:
            self._wanted_spare_at = now
            if step != self._first_step:
                self._spares.keep()
        elif now - self._wanted_spare_at > SPARE_IDLE_S:
            self._spares.drop()

    def _doze(self, seconds: float) -> None:
        for key, _ in self._doorbell.select(seconds):
            os.read(key.fd, 512)


def _slots(found: Found, options: Namespace) -> int:
    """Return how many workers may share the card."""
    return options.of_slots if found.device != "cpu" else 1


def _make_doorbell() -> selectors.BaseSelector:
    """Make a selector that wakes at every signal of this process."""
    reader, writer = os.pipe()
    for end in (reader, writer):
        os.set_blocking(end, False)
    signal.set_wakeup_fd(writer, warn_on_full_buffer=False)
    doorbell = selectors.DefaultSelector()
    doorbell.register(reader, selectors.EVENT_READ)
    return doorbell


def enlist(store: Store, home: Home, options: Namespace, brought: Sequence[NewChannel] = ()) -> Worker:
    """Register a worker on the wanted device; if its card is taken first, `auto` looks again. Raises WorkerError."""
    for _ in range(MAX_CARDS):
        taken = workers.taken_cards(store)
        found = find_device(options.device, taken)
        if _slots(found, options) > 1 and card_memory_gb(found) is None:
            raise WorkerError(f"the driver does not tell the memory of {found.device}: leave --slots out")
        try:
            worker = Worker(store, home, found, options, brought)
        except workers.DeviceTaken as error:
            if options.device != "auto":
                raise WorkerError(str(error)) from None
        else:
            note = f": {found.note}" if found.note else ""
            for each in brought:
                log(f"alerts go to {each.shown}: {', '.join(each.kinds)}")
            log(f"worker {worker.id} on {found.device} ({found.name}){note}")
            if warning := linger.look().warning:
                log(warning)
            return worker
    raise WorkerError("no card was free: name one with --device")
