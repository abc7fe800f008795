"""Signals to a worker of this host: stop now, or after its run."""

import os
import signal

from engine.hardware import processes
from tui.snapshot import WorkerView


class CannotSignal(ValueError):
    """Worker that cannot be signalled; one line that says what to do."""


def stop(worker: WorkerView) -> str:
    """Stop a worker: its run keeps its place, with a checkpoint. Returns a message. Raises CannotSignal."""
    _signal(worker, signal.SIGTERM)
    run = f": #{worker.run_id} keeps its place and its checkpoint" if worker.run_id else ""
    return f"worker {worker.id} stops{run} (w starts another)"


def drain(worker: WorkerView) -> str:
    """Let a worker claim no other run. Returns a message. Raises CannotSignal."""
    if worker.host == processes.host_name() and not processes.takes(worker.pid, signal.SIGUSR2):
        raise CannotSignal(
            f"worker {worker.id} cannot be drained (an older one, or just starting): x stops it"
        )
    _signal(worker, signal.SIGUSR2)
    when = f"when #{worker.run_id} has ended" if worker.run_id else "now"
    return f"worker {worker.id} leaves {when}"


def _signal(worker: WorkerView, number: signal.Signals) -> None:
    if worker.host != processes.host_name():
        raise CannotSignal(f"worker {worker.id} is process {worker.pid} on {worker.host}: stop it there")
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
