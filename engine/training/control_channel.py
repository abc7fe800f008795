"""Control channel from the worker to its training process: standard input and signals. Does not import torch."""

import dataclasses
import os
import signal
import sys
import threading
from collections.abc import Callable

from engine.hardware.cores import CoreMeter, CoreShare, usable_cores
from engine.store.claims import Claim
from engine.time_line import PhaseClock
from engine.worker.endings import OTHER_VERSION
from engine.worker.orders import Order, UnreadableOrder, read_order


class ControlChannel:
    """Receiver of the run to train, and later of the request to stop."""

    def __init__(self, when_closed: Callable[[], None] | None = None) -> None:
        """`when_closed` is called when standard input closes with a run begun; by default that is a request to stop."""
        self.reason: str | None = None
        """Reason to stop: cancel, pause or stop; None where nobody has asked to stop."""
        self.held: Claim | None = None
        self.order: Order | None = None
        self.clock = PhaseClock()
        """Stopwatch of the attempt, from its claim on."""
        self._share = CoreShare(usable_cores())
        self._ours = {os.getpid(), os.getppid()}
        self._meter = CoreMeter(self._ours)
        self._claimed = threading.Event()
        self._when_closed = when_closed or (lambda: self._stop("stop"))
        self._pass_on: Callable[[str], None] = lambda _word: None

    def listen(self, begin: Callable[[Claim], None]) -> None:
        """Listen to the worker and to signals; call `begin` with the run before `wait_for_run` returns it.

        A process without a run exits at once when it is asked to stop, or when its worker has ended."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: self._stop("stop"))
        threading.Thread(target=self._read, args=(begin,), daemon=True).start()

    def wait_for_run(self) -> Claim:
        self._claimed.wait()
        assert self.held is not None
        return self.held

    def pass_on(self, take: Callable[[str], None]) -> None:
        """Give the reason to stop to `take`: now where there is one already, else when it comes."""
        self._pass_on = take
        if self.reason is not None:
            take(self.reason)

    def core_share(self) -> CoreShare:
        """Return the training's share of the host's cores.

        Where the worker has just begun and not measured what others take, it is what they took since this process
        began."""
        if self._share.others is not None:
            return self._share
        self._meter.read(self._ours)
        return dataclasses.replace(self._share, others=self._meter.others)

    def should_stop(self) -> bool:
        return self.reason is not None

    def _read(self, begin: Callable[[Claim], None]) -> None:
        for line in sys.stdin:
            try:
                order = read_order(line)
            except UnreadableOrder as error:
                print(f"failed: {error}", flush=True)
                os._exit(OTHER_VERSION)
            if order is None:
                self._stop(line.strip())
            else:
                self.held, self.clock, self._share = order.held, PhaseClock(order.claimed_s), order.share
                self.order = order
                begin(order.held)
                self._claimed.set()
        self._when_closed() if self.held is not None else os._exit(0)

    def _stop(self, reason: str) -> None:
        if self.held is None:
            os._exit(0)
        if self.reason is None:
            self.reason = reason
            self._pass_on(reason)
