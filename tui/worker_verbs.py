"""Signals to a worker of this host: stop now, or exit after its run."""

import os
import signal

from engine.hardware import processes
from tui.snapshot import WorkerView


class CannotTell(ValueError):
    """Error of a worker that cannot be signalled; one line that says what to do."""


def stop(worker: WorkerView) -> str:
    """Stop a worker; its run is checkpointed and keeps its place in the queue. Returns a message. Raises CannotTell."""
    _signal(worker, signal.SIGTERM)
    run = f": #{worker.run_id} keeps its place and its checkpoint" if worker.run_id else ""
    return f"worker {worker.id} stops{run}"


def drain(worker: WorkerView) -> str:
    """Make a worker exit after its run, without claiming another. Returns a message. Raises CannotTell."""
    if worker.host == processes.host_name() and not processes.takes(worker.pid, signal.SIGUSR2):
        raise CannotTell(
            f"worker {worker.id} cannot be drained (older version, or still starting): stop it with x"
        )
    _signal(worker, signal.SIGUSR2)
    when = f"when #{worker.run_id} has ended" if worker.run_id else "now"
    return f"worker {worker.id} exits {when}"


def _signal(worker: WorkerView, number: signal.Signals) -> None:
    if worker.host != processes.host_name():
        raise CannotTell(f"worker {worker.id} is process {worker.pid} on {worker.host}: stop it there")
    if not processes.is_alive(worker.pid, worker.pid_started):
        raise CannotTell(f"worker {worker.id} has already exited")
    try:
        os.kill(worker.pid, number)
    except ProcessLookupError:
        raise CannotTell(f"worker {worker.id} has already exited") from None
    except PermissionError:
        raise CannotTell(
            f"worker {worker.id} is another user's process {worker.pid}: ask them to stop it"
        ) from None
