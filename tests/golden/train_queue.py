"""`python tests/golden/train_queue.py HOME`: train a home's queue, all in this process, which loads torch once."""

import os
import sys
from pathlib import Path

import torch

from engine.files.paths import Home
from engine.store import queue, workers
from engine.store.database import open_store
from engine.training.attempt import Attempt
from engine.training.control_channel import ControlChannel


def main(root: Path) -> None:
    home = Home.find(root)
    store = open_store(home.database)
    worker = workers.register(store, pid=os.getpid(), device="cpu", device_name="golden")
    while (held := queue.claim(store, worker)) is not None:
        home.run(held.run_id).folder.mkdir(parents=True)
        Attempt(store, home, held, torch.device("cpu"), ControlChannel()).run()
    store.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
