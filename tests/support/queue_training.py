"""Training a home's queue in a process forked from this one: it has loaded torch and need not load it again."""

import os
import sys
import traceback

import torch

from engine.files.paths import Home
from engine.store import queue, workers
from engine.store.database import open_store
from engine.training.attempt import Attempt
from engine.training.control_channel import ControlChannel
from engine.training.process import write_to_log


def train_queue(home: Home) -> None:
    """Train all that waits, each run with its output in its log. No process may have the database open that forks:
    SQLite forbids it.

    The threads, number formats and allocator that a training sets are for good, therefore a process of its own."""
    child = os.fork()
    if child:
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
        return
    try:
        sys.stdout, sys.stderr = (os.fdopen(number, "w", buffering=1) for number in (1, 2))
        _train_all(home)
    except BaseException:
        traceback.print_exc()
        os._exit(1)
    os._exit(0)


def _train_all(home: Home) -> None:
    store = open_store(home.database)
    worker = workers.register(store, pid=os.getpid(), device="cpu", device_name="forked")
    while (held := queue.claim(store, worker)) is not None:
        home.run(held.run_id).folder.mkdir(parents=True)
        write_to_log(home, held)
        Attempt(store, home, held, torch.device("cpu"), ControlChannel()).run()
    store.close()
