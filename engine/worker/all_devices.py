"""`--device all`, `--slots`: a worker for each card or slot, and a parent that passes signals on and leaves last."""

import signal
import subprocess
import sys
from collections.abc import Sequence
from typing import Any

from engine.worker.find_device import WorkerError
from engine.worker.shutdown import STOP_NOW, STOP_SOON

STOPS = (signal.SIGTERM, signal.SIGINT)
PASSED_ON = (*STOPS, signal.SIGUSR1, signal.SIGUSR2)


def lead(devices: Sequence[str], arguments: Sequence[str], *, slots: int = 1) -> int:
    """Start a worker for each device with the same arguments (those that come last count), of which `slots` share one
    device; return the worst of their exit codes. Raises WorkerError where the host starts no process, when those
    started have left."""
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    workers: list[subprocess.Popen[bytes]] = []
    sent: list[int] = []

    def pass_on(number: int, *_: Any) -> None:
        if number in STOPS:
            number = STOP_NOW if STOP_SOON in sent else STOP_SOON
        sent.append(number)
        for worker in workers:
            worker.send_signal(number)

    for number in PASSED_ON:
        signal.signal(number, pass_on)
    try:
        for device in devices:
            if sent:
                break  # told to leave before all had started
            _start(device, [*arguments, "--of-slots", str(slots)], workers)
    except OSError as error:
        _stop(workers)
        raise WorkerError(
            f"not every worker can be started ({error.strerror}), so none runs now: "
            "free memory or end processes, then try again"
        ) from None
    return max((_code_of(worker.wait(), [*STOPS, *sent] if sent else []) for worker in workers), default=0)


def _start(device: str, arguments: Sequence[str], workers: list[subprocess.Popen[bytes]]) -> None:
    """Start a device's worker and add it to `workers`. Raises OSError."""
    command = [sys.executable, "-P", "-m", "engine.worker", *arguments, "--device", device, "--slots", "1"]
    # A signal that comes between the start and the list would never be passed on.
    signal.pthread_sigmask(signal.SIG_BLOCK, PASSED_ON)
    try:
        # A session of its own: Ctrl-C in the terminal reaches it through this parent, once.
        worker = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            start_new_session=True,
            preexec_fn=lambda: signal.pthread_sigmask(signal.SIG_UNBLOCK, PASSED_ON),
        )
        workers.append(worker)
    finally:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, PASSED_ON)


def _stop(workers: Sequence[subprocess.Popen[bytes]]) -> None:
    for worker in workers:
        worker.terminate()
    for worker in workers:
        worker.wait()


def _code_of(code: int, told: Sequence[int]) -> int:
    """Return a worker's exit code; 0 if a signal that it was told to leave by ended it before it could handle any."""
    if -code in told:
        return 0
    return code if code >= 0 else 128 - code
