"""`python -m engine.training.process`: process that trains one run.

Its worker keeps standard input open and writes to it: first an order to train a run (`engine.worker.orders`), later
perhaps `cancel`, `pause` or `stop`. When standard input closes, the worker has ended. Until it has a run it is a warm
process: it imports everything that training needs, which takes seconds, and uses no card.

Garbage collection is off during imports, a seventh of whose time it would take: modules are never freed."""

import argparse
import contextlib
import gc
import importlib
import os
import sys
from collections.abc import Callable
from pathlib import Path

from engine.files.paths import Home
from engine.files.privacy import keep_private
from engine.standard_streams import write_utf8
from engine.store.claims import Claim
from engine.store.database import open_store
from engine.store.errors import LeaseLost, StoreError
from engine.training.control_channel import ControlChannel
from engine.worker.endings import LEASE_LOST, LOG_UNWRITABLE, STORE_UNUSABLE

IMPORTS = ("engine.training.attempt",)
"""Modules that every run imports."""


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m engine.training.process", description=__doc__)
    parser.add_argument("--home", type=Path, required=True)
    parser.add_argument("--cache", type=Path, required=True)
    parser.add_argument("--device", default="cpu", help="cpu, cuda:N, or several cards: cuda:0,cuda:1")
    parser.add_argument("--profile", action="store_true")
    arguments = parser.parse_args()
    if arguments.profile:
        os.environ.setdefault(
            "KINETO_LOG_LEVEL", "99"
        )  # the profiler's own lines would stand in the run's log
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    home = Home.find(arguments.home, cache=arguments.cache)
    keep_private()
    # Processes that train with this one get another standard input.
    sys.stdin = os.fdopen(os.dup(sys.stdin.fileno()), encoding="utf-8")
    channel = ControlChannel()
    channel.listen(lambda held: write_to_log(home, held))
    _import_all()
    return with_exit_code(lambda: _train(home, channel, arguments.device, profiles=arguments.profile))


def _import_all() -> None:
    gc.disable()
    for name in IMPORTS:
        importlib.import_module(name)
    gc.freeze()
    gc.enable()


def write_to_log(home: Home, held: Claim) -> None:
    """Redirect this process's output to the run's log."""
    try:
        log = os.open(home.run(held.run_id).log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    except OSError:
        os._exit(LOG_UNWRITABLE)  # the worker has just opened the log: the folder was deleted since
    for output in (sys.stdout, sys.stderr):
        os.dup2(log, output.fileno())
        write_utf8(output)
    os.close(log)


def _train(home: Home, channel: ControlChannel, device: str, *, profiles: bool) -> int:
    """Train the run in this process, or lead several that do; return the exit code. Raises LeaseLost, StoreError."""
    import torch

    from engine.training.attempt import Attempt
    from engine.training.store_retry import patiently

    held, devices = channel.wait_for_run(), device.split(",")
    store = patiently(lambda: open_store(home.database, create=False))
    attempt = Attempt(store, home, held, torch.device(devices[0]), channel, profiles=profiles)
    if attempt.spec.gpus > 1:
        from engine.training.agent import Agent

        return Agent(home, attempt, channel, devices, profiles=profiles).lead()
    attempt.run()
    return 0


def with_exit_code(train: Callable[[], int]) -> int:
    """Return the exit code that `train` returns, or the one for its LeaseLost or StoreError."""
    from engine.training.log import log

    try:
        return train()
    except LeaseLost:
        return LEASE_LOST  # the run and its log belong to another process
    except StoreError as error:
        log(f"failed: {error}")
        return STORE_UNUSABLE


def leave(code: int) -> None:
    """End the process without the interpreter's clean-up, for which the next run would have to wait.

    Log lines that still do not fit on the disk are lost."""
    for output in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError):
            output.flush()
    os._exit(code)


if __name__ == "__main__":
    leave(main())
