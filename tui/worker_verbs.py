"""Requests to a worker to leave, now or after its run: by a signal on this host, through the run table on another."""

import os
import signal
from typing import TYPE_CHECKING, Protocol

from engine.files.paths import Home
from engine.hardware import processes
from tui.store_calls import Refused, with_store

if TYPE_CHECKING:
    from engine.store.status import Asked


class Signalled(Protocol):
    """Worker as these verbs know it."""

    @property
    def id(self) -> int: ...
    @property
    def host(self) -> str: ...
    @property
    def host_id(self) -> str: ...
    @property
    def user(self) -> str: ...
    @property
    def pid(self) -> int: ...
    @property
    def pid_started(self) -> str: ...
    @property
    def run_id(self) -> int | None: ...


class CannotSignal(ValueError):
    """Worker that cannot be signalled; one line that says what to do."""


def stop(worker: Signalled, home: Home) -> str:
    """Stop a worker: its run keeps its place, with a checkpoint. Returns a message. Raises CannotSignal."""
    _check_owner(worker)
    run = f": #{worker.run_id} keeps its place and its checkpoint" if worker.run_id else ""
    if not _is_here(worker):
        _ask(worker, home, "stopping")
        return f"worker {worker.id} on {worker.host} is asked to stop{run}"
    _signal(worker, signal.SIGTERM)
    return f"worker {worker.id} stops{run}"


def drain(worker: Signalled, home: Home) -> str:
    """Let a worker claim no other run. Returns a message. Raises CannotSignal."""
    _check_owner(worker)
    when = f"when #{worker.run_id} has ended" if worker.run_id else "now"
    if not _is_here(worker):
        _ask(worker, home, "draining")
        return f"worker {worker.id} on {worker.host} is asked to leave {when}"
    if not processes.takes(worker.pid, signal.SIGUSR2):
        raise CannotSignal(
            f"worker {worker.id} cannot be drained (an older one, or just starting): x stops it"
        )
    _signal(worker, signal.SIGUSR2)
    return f"worker {worker.id} leaves {when}"


def _is_here(worker: Signalled) -> bool:
    return processes.is_this_host(worker.host_id, worker.host)


def _check_owner(worker: Signalled) -> None:
    """Raise CannotSignal for a worker of another user of a shared run table."""
    from engine.store.people import may_change

    if not may_change(worker.user):
        raise CannotSignal(
            f"worker {worker.id} is {worker.user}'s: leave it, or stop it all the same with "
            f"resnet-tui workers stop {worker.id} --force"
        )


def _ask(worker: Signalled, home: Home, how: "Asked") -> None:
    """Ask a worker of another host through the run table. Raises CannotSignal."""
    from engine.store.workers import ask_to_leave

    try:
        if not with_store(home, lambda store: ask_to_leave(store, worker.id, how=how)):
            raise CannotSignal(f"worker {worker.id} has gone already")
    except Refused as error:
        raise CannotSignal(str(error)) from None


def _signal(worker: Signalled, number: signal.Signals) -> None:
    """Send a signal to a worker of this host."""
    if not processes.is_alive(worker.pid, worker.pid_started):
        raise CannotSignal(f"worker {worker.id} has gone already")
    try:
        os.kill(worker.pid, number)
    except ProcessLookupError:
        raise CannotSignal(f"worker {worker.id} has gone already") from None
    except PermissionError:
        raise CannotSignal(
            f"worker {worker.id} is another user's process {worker.pid}: ask them to stop it"
        ) from None
