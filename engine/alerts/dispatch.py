"""Thread of a worker that finds events in the run table and sends them; the trainings know nothing of it."""

import threading
import time
from collections.abc import Callable, Sequence

from engine.alerts.events import look
from engine.alerts.sender import MISSING, Sender, is_installed
from engine.alerts.stalls import Stalls, concerns
from engine.alerts.texts import message_of
from engine.store import alerts, workers
from engine.store.alert_tables import AlertChannel
from engine.store.alerts import Event, NewChannel
from engine.store.database import Store
from engine.store.errors import StoreError
from engine.text import log

LOOK_EVERY_S, MOST_LOOK_EVERY_S = 2.0, 30.0
"""Time between two looks, of all workers together; of one of many at the most."""
IDLE_EVERY_S = 10.0
"""Time between two looks where there is no address: somebody may add one."""
SAVE_EVERY_S = 60.0
"""Time after which a worker notes how far it has looked though nothing happened: a later one begins there."""
END_S = 0.5
"""Longest time that threads may take to end once the worker's time for alerts is over."""


class Dispatcher:
    """Alerts of one worker. Whatever goes wrong here is logged and ends no training."""

    def __init__(
        self,
        store: Store,
        worker_id: int,
        brought: Sequence[NewChannel] = (),
        *,
        sender: Callable[[], Sender] = Sender,
        stalls: Stalls | None = None,
    ) -> None:
        """`brought`: addresses that the worker was started with; the run table learns their digests alone."""
        self._store, self._brought = store, tuple(brought)
        self._urls = {each.digest: each.url for each in brought}
        self._new_sender, self._stalls = sender, stalls or Stalls(worker_id)
        self._ends, self._thread = (
            threading.Event(),
            threading.Thread(target=self._run, name="alerts", daemon=True),
        )
        self._gives_up, self._until_s = False, 0.0
        self._sending: dict[int, tuple[threading.Thread, Sender]] = {}
        """Thread of the latest message to each channel: an address that does not answer keeps no other waiting."""
        self._after: dict[int, int] = {}
        """Change up to which this worker has looked, by channel."""
        self._next_save_s, self._look_every_s = 0.0, LOOK_EVERY_S
        self._problem = ""
        """Latest line that was logged: the same one is not repeated."""
        self._is_registered = not self._brought

    def start(self) -> None:
        self._thread.start()

    def close(self, within_s: float) -> None:
        """Look and send once more, and wait for that; what is not sent by then is left to the next worker."""
        if not self._thread.is_alive():
            return
        self._until_s = time.monotonic() + within_s
        self._ends.set()
        self._thread.join(within_s)
        self._gives_up = True
        for thread, sender in self._sending.copy().values():
            if thread.is_alive():
                sender.stop()
                thread.join(min(within_s, END_S))
        if within_s:
            self._guarded(self._tell_rest)

    def wait(self, within_s: float) -> None:
        """Wait for the messages that are under way."""
        until_s = time.monotonic() + within_s
        for thread, _ in self._sending.copy().values():
            thread.join(max(until_s - time.monotonic(), 0.0))

    def _run(self) -> None:
        wait_s = 0.0
        while not self._ends.wait(wait_s):
            wait_s = self._look_every_s if self._guarded(self.turn) else IDLE_EVERY_S
        was_sending = any(thread.is_alive() for thread, _ in self._sending.values())
        for _ in range(1 + was_sending):  # what happened while a message was under way goes into another one
            self._guarded(lambda: self.turn(at_once=True))
            self.wait(self._until_s - time.monotonic())

    def _guarded(self, job: Callable[[], bool]) -> bool:
        """Do a job; an error of it is logged, once a kind, and the next turn comes."""
        try:
            return job()
        except StoreError as error:
            self._tell(f"alerts: {error}; trying again")
        except Exception as error:  # it must not end the thread, and its text may hold secrets
            self._tell(f"alerts: {type(error).__name__}; trying again")
        return True

    def turn(self, *, at_once: bool = False) -> bool:
        """Look for events and begin to send what is due; return False where there is no address. Raises StoreError."""
        if not self._is_registered:
            with self._store.write() as session:
                for each in self._brought:
                    alerts.add_channel(session, each, keeps_url=False)
            self._is_registered = True
        with self._store.read() as session:
            there = alerts.channels(session)
            count = workers.count_present(session) if there else 1
        self._look_every_s = min(LOOK_EVERY_S * max(count, 1), MOST_LOOK_EVERY_S)
        if not there:
            return False
        self._find([each for each in there if each.url or each.digest in self._urls], at_once)
        with self._store.read() as session:
            due = alerts.due_channels(session, at_once=at_once)
        for channel in there:
            url = channel.url or self._urls.get(channel.digest)
            if channel.id in due and url and not self._gives_up:
                self._begin(channel.id, channel, url, at_once)
        return True

    def _begin(self, channel_id: int, channel: AlertChannel, url: str, at_once: bool) -> None:
        """Send what is due to an address in a thread, unless one is at it."""
        before = self._sending.get(channel_id)
        if before is not None and before[0].is_alive():
            return
        sender = self._new_sender()

        def send() -> None:
            self._guarded(lambda: self._send(sender, channel_id, channel, url, at_once))

        thread = threading.Thread(target=send, name=f"alerts to address {channel_id}", daemon=True)
        self._sending[channel_id] = thread, sender
        thread.start()

    def _find(self, channels: Sequence[AlertChannel], saves: bool) -> None:
        """Record what has happened since the last look, for these channels."""
        if not channels:
            return
        now_s = time.monotonic()
        saves = saves or now_s >= self._next_save_s
        with self._store.read() as session:
            after = min(self._after.get(each.id or 0, each.changed - 1) for each in channels)
            found = look(session, channels, after)
            stall = self._stalls.look(session)
            new: dict[int, list[Event]] = {}
            for channel in channels:
                events = list(found.events.get(channel.id or 0, ()))
                if (
                    stall is not None
                    and "stalled" in channel.kinds.split(",")
                    and concerns(channel, *stall[1:])
                ):
                    events.append(stall[0])
                unknown = alerts.unknown_keys(session, channel.digest, [each.key for each in events])
                new[channel.id or 0] = [each for each in events if each.key in unknown]
        for channel in channels:
            events = new[channel.id or 0]
            if events or (saves and channel.changed < found.through):
                alerts.record(self._store, channel, events, found.through)
            self._after[channel.id or 0] = found.through
        if saves:
            self._next_save_s = now_s + SAVE_EVERY_S

    def _send(self, sender: Sender, channel_id: int, channel: AlertChannel, url: str, at_once: bool) -> bool:
        """Send what is due to an address, and note the outcome; return True where it has arrived."""
        if not is_installed():
            self._tell(f"alerts to {channel.shown} wait: {MISSING}")
            return False
        claimed = alerts.claim_message(self._store, channel_id, at_once=at_once)
        if claimed is None:
            return False
        if claimed.dropped:
            log(
                f"alerts: {claimed.dropped} to {channel.shown} were older than a day and are not sent: see news"
            )
        if not claimed.alerts:
            return False
        sent = sender.send(url, *message_of(claimed.alerts))
        if self._gives_up:  # it was ended: nobody knows whether it has arrived
            return False
        if sent.problem is not None:
            wait_s = alerts.note_failed(self._store, channel_id, claimed.claim, sent.problem, channel.tries)
            self._tell(f"alerts to {channel.shown}: {sent.problem}; trying again", f" in {wait_s:.0f} s")
            return False
        alerts.note_sent(self._store, channel_id, claimed.claim)
        self._problem = ""
        return True

    def _tell_rest(self) -> bool:
        with self._store.read() as session:
            left = alerts.waiting(session, unclaimed=True)
        if left:
            log(f"alerts: {left} not sent yet: other workers, or the next one, send them")
        return True

    def _tell(self, problem: str, more: str = "") -> None:
        if problem != self._problem:
            log(f"{problem}{more}")
            self._problem = problem
