"""Memory of worker, spare, trainer and app, each in a process of its own, beside processes that import the same
libraries and do nothing else."""

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.app_tables import table
from benchmarks.memory_of import MB, Memory, children_of, memory_of, steady_memory_of, until
from benchmarks.watched import Watched
from engine.files.paths import Home
from engine.spec.grid import make_spec
from engine.store import listing
from engine.store.add import add_runs
from engine.store.database import Store, open_store

TITLE = "Memory: PSS, of it written by the process alone, and its peak (resident, shared pages whole)"
FLOORS = {
    "python": "",
    "sqlmodel": "import sqlmodel",
    "textual": "import textual.app, textual.widgets",
    "textual and sqlmodel": "import textual.app, textual.widgets, sqlmodel",
    "torch": "import torch",
    "torch and sqlmodel": "import torch, sqlmodel",
    "torch with a step of its SGD": (
        "import torch; w = torch.nn.Parameter(torch.ones(1)); w.sum().backward(); torch.optim.SGD([w]).step()"
    ),
}
RUNS = (10, 1_000, 10_000)
ARCHS = ("resnet18", "resnet50")
IMAGES, SIDE_PX = 160_000, 32
"""491 MB packed."""
SETTLE_S = 2.5
PAGES = 40
PAGE_DOWN, HOME_KEY, ENTER = "\x1b[6~", "\x1b[H", "\r"
ASLEEP = "; import time; print(flush=True); time.sleep(600)"


def measure() -> Iterator[str]:
    with tempfile.TemporaryDirectory(dir=os.environ.get("BENCH_FOLDER")) as place:
        for name, code in FLOORS.items():
            yield f"- floor, {name}: {_floor(code)}"
        yield from _of_worker(Path(place) / "worker")
        for arch in ARCHS:
            settings = {"data": "digits", "arch": arch, "batch_size": 64, "epochs": 1}
            yield from _of_parts(f"{arch}, batch 64, digits, fp32", Path(place) / arch, settings, trains=True)
        yield from _of_large_set(Path(place) / "large")
        for runs in RUNS:
            yield from _of_app(table(Path(place) / f"runs{runs}", runs), f"{runs:,} runs")


def _floor(code: str) -> Memory:
    """Measure a process that runs a line of code and does nothing else."""
    command = [sys.executable, "-c", f"{code or 'pass'}{ASLEEP}"]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        found = memory_of(process.pid)
        process.kill()
    return found


def _of_worker(folder: Path) -> Iterator[str]:
    """Measure a worker without a run, then with one in training and another that waits, for which there is a spare."""
    folder.mkdir()
    home = Home.find(folder)
    store = open_store(home.database)
    command = [sys.executable, "-m", "engine.worker", "--home", str(folder), "--device", "cpu"]
    worker = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    try:
        time.sleep(SETTLE_S)
        yield f"- worker, no run yet: {steady_memory_of(worker.pid)}"
        settings = {"data": "digits", "batch_size": 64, "epochs": 1_000, "precision": "fp32"}
        ids = add_runs(store, [make_spec({**settings, "seed": seed}) for seed in range(2)]).ids
        until(lambda: _step(store, ids[0]) > 0 and len(children_of(worker.pid)) == 2)
        trainer, spare = children_of(worker.pid)
        found = steady_memory_of(spare)
        yield f"- worker beside a training run: {memory_of(worker.pid)}"
        yield f"- spare, before it has a run: {found}"
        yield f"- trainer beside it, resnet18, batch 64, digits, fp32: {memory_of(trainer)}"
    finally:
        worker.terminate()
        worker.wait()
        store.close()


def _step(store: Store, run_id: int) -> int:
    with store.read() as session:
        return listing.get_run(session, run_id).step


def _of_parts(name: str, folder: Path, settings: Mapping[str, object], *, trains: bool) -> Iterator[str]:
    folder.mkdir(exist_ok=True)
    command = [sys.executable, "-m", "benchmarks.memory_parts", str(folder), json.dumps(settings)]
    done = subprocess.run([*command, str(int(trains))], capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"it ended with {done.returncode}: {done.stderr[-2000:]}")
    for part, sizes in json.loads(done.stdout.splitlines()[-1]).items():
        yield f"- {name}, after {part}: {Memory(**sizes)}"


def _of_large_set(folder: Path) -> Iterator[str]:
    """Measure a process that packs a large set, and another that finds it packed; both gather an epoch's batches."""
    folder.mkdir()
    random = np.random.Generator(np.random.PCG64(0))
    test = IMAGES // 100
    arrays: dict[str, NDArray[Any]] = {}
    for split, count in (("train", IMAGES - test), ("test", test)):
        arrays[f"{split}_images"] = random.integers(0, 256, (count, SIDE_PX, SIDE_PX, 3), dtype=np.uint8)
        arrays[f"{split}_labels"] = (np.arange(count) % 5).reshape(-1, 1)
    np.savez(folder / "set.npz", **arrays)  # type: ignore[arg-type]
    settings = {"data": "set.npz", "image_size": SIDE_PX, "batch_size": 64, "augment": "flip"}
    packed = f"{IMAGES * SIDE_PX**2 * 3 / MB:,.0f} MB packed"
    for words in ("packs it", "finds it packed"):
        yield from _of_parts(f"a set of {packed}, process that {words}", folder, settings, trains=False)


def _of_app(home: Home, name: str) -> Iterator[str]:
    command = [sys.executable, "-c", "from tui.start import main; main()", "--home", str(home.root)]
    state = {"XDG_STATE_HOME": str(home.root / "state")}
    with Watched(command, columns=120, lines=40, cwd=home.root, environment=state) as app:
        app.until_quiet(SETTLE_S)
        yield f"- app, {name}, first frame: {memory_of(app.process.pid)}"
        for _ in range(PAGES):
            app.send(PAGE_DOWN)
            time.sleep(0.05)
        time.sleep(SETTLE_S)
        yield f"- app, {name}, {PAGES} pages further: {memory_of(app.process.pid)}"
        for key in (HOME_KEY, ENTER):
            app.send(key)
            time.sleep(SETTLE_S)
        yield f"- app, {name}, a run opened: {memory_of(app.process.pid)}"
