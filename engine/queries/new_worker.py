"""Start of a worker on this host, followed until it is in the run table."""

import subprocess
from dataclasses import dataclass

from engine.files.paths import Home
from engine.hardware import processes, worker_start
from engine.queries.worker_list import list_workers
from engine.store.database import Store

LOOK_S = 0.1


class StartFailed(Exception):
    """Worker that ended before it had begun; its last words, one line."""


@dataclass(frozen=True)
class NewWorker:
    """Worker that was started."""

    pid: int
    id: int | None
    """None where it found nothing to train and has left already."""


def start_and_follow(home: Home, store: Store, *, drain: bool = False) -> NewWorker:
    """Start a worker and wait until it is in the run table or has ended. Raises StartFailed, OSError."""
    process = worker_start.start_worker(home, drain=drain)
    while (code := _code_within(process, LOOK_S)) is None:
        with store.read() as session:
            mine = [each.id for each in list_workers(session) if _is(each.host, each.pid, process.pid)]
        if mine:
            return NewWorker(process.pid, mine[0])
    if code:
        raise StartFailed(worker_start.last_words(home))
    return NewWorker(process.pid, None)


def _is(host: str, pid: int, own: int) -> bool:
    return (host, pid) == (processes.host_name(), own)


def _code_within(process: "subprocess.Popen[bytes]", seconds: float) -> int | None:
    try:
        return process.wait(seconds)
    except subprocess.TimeoutExpired:
        return None
