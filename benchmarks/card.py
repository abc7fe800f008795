"""Session on an NVIDIA card against the plainest loop of the same model on random tensors in the card's memory."""

import contextlib
import gc
import os
import statistics
import tempfile
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch.nn import functional

from engine.files.paths import GPU_CACHE_VARIABLE, Home
from engine.recipes.optimizers import make_optimizer
from engine.spec.grid import make_spec
from engine.store import queue, workers
from engine.store.add import add_runs
from engine.store.database import open_store
from engine.store.history import epochs_of
from engine.store.measurement_tables import EpochMetrics
from engine.training.context import RunContext
from engine.training.precision import resolve_precision
from engine.training.session import Session
from engine.training.step import plain_pass
from engine.training.store_recorder import StoreRecorder
from engine.training.torch_setup import set_up_process

TITLE = "On a card: images/s of a session's epochs ÷ the same model on random tensors in the card's memory"
SIDE_PX, IMAGES, EPOCHS = (
    int(os.environ.get(f"RESNET_TUI_CARD_{name}", default))
    for name, default in (("PX", 224), ("IMAGES", 3_200), ("EPOCHS", 6))
)
CASES: tuple[tuple[str, int, float, dict[str, Any]], ...] = (
    ("resnet18", 32, 4.0, {}),
    ("resnet50", 32, 4.0, {}),
    ("resnet18", 32, 0.0, {}),
    ("resnet18", 32, 4.0, {"cuda_graphs": "off"}),
    ("resnet50", 32, 4.0, {"cuda_graphs": "off"}),
    ("resnet18", 128, 4.0, {}),
    ("resnet50", 128, 4.0, {}),
    ("resnet50", 32, 0.0, {}),
)
"""Architecture, batch, GiB of the card for packed images (0: pinned buffers), other settings."""
CACHE_WORDS = {True: "packed set on the card", False: "pinned buffers"}


def measure() -> Iterator[str]:
    if not torch.cuda.is_available() and "RESNET_TUI_CARD_PX" not in os.environ:
        yield "- not measured: there is no NVIDIA card here"
        return
    device = torch.device("cuda:0" if torch.cuda.is_available() else "cpu")
    yield f"- {torch.cuda.get_device_name(device) if device.type == 'cuda' else 'CPU'}, torch {torch.__version__}"
    precision = resolve_precision("auto", device)
    head = "batch | images from | options | session, images/s | bare loop | ratio | bare, replayed | ratio |"
    yield f"\n| at {SIDE_PX} px, {precision} | {head}"
    yield "| --- | ---: | --- | --- | ---: | ---: | ---: | ---: | ---: |"
    with tempfile.TemporaryDirectory() as folder:
        random_images(Path(folder) / "data" / "random")
        for case in CASES:
            yield _case(Path(folder), device, precision, *case)
            gc.collect()


def random_images(folder: Path) -> None:
    folder.mkdir(parents=True)
    rng = np.random.default_rng(0)
    arrays: dict[str, Any] = {}
    for split, count in (("train", IMAGES), ("test", 64)):
        arrays[f"{split}_images"] = rng.integers(0, 256, (count, SIDE_PX, SIDE_PX, 3), dtype=np.uint8)
        arrays[f"{split}_labels"] = np.arange(count) % 5
    np.savez(folder / "random.npz", **arrays)


def _case(
    root: Path,
    device: torch.device,
    precision: str,
    arch: str,
    batch: int,
    cache_gib: float,
    options: dict[str, Any],
) -> str:
    """Return a row: the medians of the later epochs and of as many rounds of the bare loop right after them."""
    os.environ[GPU_CACHE_VARIABLE] = str(cache_gib)
    settings = {"arch": arch, "batch_size": batch, "augment": "flip", **options}
    session, said, rows = _train(root, device, precision, settings)
    words = " ".join(f"{name} {value}" for name, value in options.items()) or "defaults"
    if any("not replayed" in each for each in said):
        words += " (not replayed)"
    ours = [row.images_per_s or 0.0 for row in rows[2:]]
    beside = _beside_bare(session, batch, statistics.median(ours))
    return f"| {' | '.join([arch, str(batch), CACHE_WORDS[cache_gib > 0], words, _spread(ours), *beside])} |"


def _train(
    root: Path, device: torch.device, precision: str, settings: dict[str, Any]
) -> tuple[Session, list[str], list[EpochMetrics]]:
    """Train a run as a worker does; gives its session, its log lines and its epochs."""
    home, said = Home.find(root), list[str]()
    store = open_store(home.database)
    spec = make_spec({"data": "data/random", "image_size": SIDE_PX, "epochs": EPOCHS, **settings})
    set_up_process(spec, {"threads": 8, "precision": precision}, device)
    add_runs(store, [spec])
    worker = workers.register(store, pid=os.getpid(), device=str(device), device_name="bench")
    held = queue.claim(store, worker)
    assert held is not None
    context = RunContext(spec, home, held.run_id, device=device, precision=precision, log=said.append)
    session = Session(context)
    session.train(StoreRecorder(store, held, spec, {}), lambda: False)
    with store.read() as reading:
        rows = epochs_of(reading, held.run_id)
    queue.end(store, held, "done")
    workers.leave(store, worker)
    store.close()
    return session, said, rows


def _beside_bare(session: Session, batch: int, ours: float) -> list[str]:
    """Return the bare loop's images/s and our share of it, kernel by kernel and replayed."""
    cells: list[str] = []
    for replayed in (False, True):
        if replayed and session.net.replay is None:
            cells += ["", ""]
            continue
        bares = [_bare(session, batch, IMAGES // batch, replayed=replayed) for _ in range(EPOCHS)][1:]
        cells += [_spread(bares), f"{ours / statistics.median(bares):.3f}"]
    return cells


def _spread(paces: list[float]) -> str:
    return f"{statistics.median(paces):,.0f} ({min(paces):,.0f} to {max(paces):,.0f})"


def _bare(session: Session, batch: int, steps: int, *, replayed: bool) -> float:
    """Images/s of forward, backward and step, with the session's network, whose training is over; kernel by kernel,
    or replayed as the session does."""
    net, device = session.net, session.context.device
    images = torch.randn(batch, 3, SIDE_PX, SIDE_PX, device=device).contiguous(memory_format=net.layout)
    labels = torch.randint(0, 5, (batch,), device=device)
    net.model.train()
    optimizer = make_optimizer(net.model, session.spec, device)
    _wait(device)
    began = time.perf_counter()
    for _ in range(steps):
        optimizer.zero_grad(set_to_none=True)
        if replayed and net.replay is not None:
            net.replay(net.model, partial(plain_pass, net), images, labels)
        else:
            with net.autocast():
                loss = functional.cross_entropy(net.forward(images), labels)
            loss.backward()
        optimizer.step()
    _wait(device)
    return steps * batch / (time.perf_counter() - began)


def _wait(device: torch.device) -> None:
    with contextlib.suppress(AssertionError):
        if device.type == "cuda":
            torch.cuda.synchronize(device)
