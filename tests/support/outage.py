"""A power cut as far as a test can have one: all writers stopped at one moment, what lies on the disk copied then."""

import os
import random
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from engine.files.paths import Home
from engine.spec.grid import make_spec
from engine.store import listing
from engine.store.add import add_runs
from engine.store.database import Store, open_store
from engine.store.tables import Run
from tests.support.pictures import class_folders
from tests.support.waiting import LIMIT_S, until

SPEC = {"data": "data", "image_size": 16, "batch_size": 4, "threads": 1, "precision": "fp32"}


def new_home(root: Path, epochs: int) -> tuple[Home, Store, int]:
    """A home with data and one queued run of so many epochs."""
    home = Home.find(root, cache=root / "cache")
    class_folders(root / "data", classes=2, each=12)
    store = open_store(home.database)
    return home, store, add_runs(store, [make_spec(SPEC | {"epochs": epochs})]).ids[0]


Start = type[subprocess.Popen[Any]]
"""Way to start a worker: as a program, or forked from the tests."""


def start_worker(home: Home, start: Start) -> "subprocess.Popen[bytes]":
    command = [sys.executable, "-m", "engine.worker", "--home", str(home.root), "--cache", str(home.cache)]
    return start(
        [*command, "--device", "cpu", "--drain"], stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )


def run_of(store: Store, run_id: int) -> Run:
    with store.read() as session:
        return listing.get_run(session, run_id)


def cut_at(root: Path, moments: list[float], dice: random.Random, start: Start, *, epochs: int) -> list[Home]:
    """Train a run of so many epochs to its end, stopping all its processes for a copy at each of these shares of its
    epochs, a few random milliseconds later. Gives the copies; the home itself was never disturbed otherwise."""
    home, store, run_id = new_home(root, epochs)
    worker = start_worker(home, start)
    copies: list[Home] = []
    try:
        until(lambda: run_of(store, run_id).status == "running", what="the worker")
        for share in moments:
            reached = partial(lambda share: run_of(store, run_id).epoch >= share * epochs, share)
            until(reached, what=f"{share:.0%} of the run")
            until(chance(dice), what="a random moment")
            copies.append(
                copied_while_stopped(home, worker.pid, root.with_name(f"{root.name}-{len(copies)}"))
            )
        assert worker.wait(timeout=LIMIT_S) == 0
    finally:
        if worker.poll() is None:
            worker.kill()
            worker.wait()
        store.close()
    return copies


def copied_while_stopped(home: Home, worker: int, place: Path) -> Home:
    family = [worker, *children(worker)]
    try:
        for pid in family:
            os.kill(pid, signal.SIGSTOP)
        until(lambda: all(is_stopped(pid) for pid in family), what="all to stop")
        # The index of the journal is memory that a power cut takes.
        shutil.copytree(home.root, place, ignore=shutil.ignore_patterns("*-shm"))
    finally:
        for pid in family:
            os.kill(pid, signal.SIGCONT)
    return Home.find(place, cache=place / "cache")


def chance(dice: random.Random) -> Callable[[], bool]:
    """A condition that holds sooner or later."""
    return lambda: dice.random() < 0.1


def children(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def is_stopped(pid: int) -> bool:
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] in "TZ"


def finish(home: Home, start: Start) -> Run:
    """Open a home, check its table, and train what is queued to its end."""
    store = open_store(home.database)
    with store.engine.connect() as connection:
        assert connection.exec_driver_sql("PRAGMA integrity_check").scalar() == "ok"
    assert start_worker(home, start).wait(timeout=LIMIT_S) == 0
    found = run_of(store, 1)
    store.close()
    return found


def result_of(home: Home) -> dict[str, bytes]:
    """The bits of a finished run: its weights, answers and predictions."""
    folder = home.run(1).folder
    names = (
        "answers.npy",
        "answer_scores.npy",
        "predictions.csv",
        "predictions-last.csv",
        "scores.npy",
        "scores-last.npy",
    )
    return {name: (folder / name).read_bytes() for name in (*names, "best.safetensors")}
