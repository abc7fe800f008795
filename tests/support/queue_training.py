"""`python -m tests.support.queue_training HOME`: train a home's queue without a worker, each run with its output in its
log, all in one process, which loads torch once."""

import os
import sys
from pathlib import Path

import torch

from engine.files.paths import Home
from engine.store import queue, workers
from engine.store.database import open_store
from engine.training.attempt import Attempt
from engine.training.control_channel import ControlChannel
from engine.training.process import write_to_log


def main(root: Path) -> None:
    home = Home.find(root)
    store = open_store(home.database)
    worker = workers.register(store, pid=os.getpid(), device="cpu", device_name="test")
    while (held := queue.claim(store, worker)) is not None:
        home.run(held.run_id).folder.mkdir(parents=True)
        write_to_log(home, held)
        Attempt(store, home, held, torch.device("cpu"), ControlChannel()).run()
    store.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
