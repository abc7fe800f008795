"""`python -m engine.training.process`: the process that trains one run.

Its worker keeps standard input open and writes to it: `train RUN ATTEMPT` first, later perhaps `cancel`, `pause` or
`stop`; when it closes, the worker has gone. Until it has a run the process is a spare: it imports all that training
needs, which takes seconds, and touches no card."""

import argparse
import contextlib
import importlib
import os
import sys
from pathlib import Path

from engine.files.paths import Home
from engine.files.privacy import keep_private
from engine.store.claims import Claim
from engine.store.database import open_store
from engine.store.errors import LeaseLost, StoreError
from engine.training.control_channel import Orders
from engine.worker.endings import LEASE_LOST, STORE_UNUSABLE

LATER = ("torch._dynamo", "sklearn.datasets")
"""What torch's optimisers and the built-in digits import at their first use: as slow as torch itself."""


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m engine.training.process", description=__doc__)
    parser.add_argument("--db", required=True)
    parser.add_argument("--home", type=Path, required=True)
    parser.add_argument("--cache", type=Path, required=True)
    parser.add_argument("--device", default="cpu")
    arguments = parser.parse_args()
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    home = Home.find(arguments.home, arguments.db, arguments.cache)
    keep_private()
    orders = Orders()
    orders.listen(lambda held: write_to_log(home, held))
    importlib.import_module("engine.training.attempt")
    for room in LATER:
        if orders.held is None:  # while it waits; a run that is there imports what it uses
            importlib.import_module(room)
    return _train(home, orders, arguments.device)


def write_to_log(home: Home, held: Claim) -> None:
    """From here on this process's output goes to the run's log."""
    try:
        log = os.open(home.run(held.run_id).log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    except OSError:
        os._exit(STORE_UNUSABLE)  # the worker has just opened it: the folder has gone since
    for output in (sys.stdout, sys.stderr):
        os.dup2(log, output.fileno())
    os.close(log)


def _train(home: Home, orders: Orders, device: str) -> int:
    import torch

    from engine.training.attempt import train
    from engine.training.log import log

    held = orders.wait_for_run()
    try:
        store = open_store(home.database, create=False)
        train(store, home, held, torch.device(device), orders)
    except LeaseLost:
        return LEASE_LOST  # the run and its log belong to another process
    except StoreError as error:
        log(f"failed: {error}")
        return STORE_UNUSABLE
    return 0


def leave(code: int) -> None:
    """End the process without the interpreter's clearing up, for which the next run would wait. Lines that the disk
    still has no room for are lost."""
    for output in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError):
            output.flush()
    os._exit(code)


if __name__ == "__main__":
    leave(main())
