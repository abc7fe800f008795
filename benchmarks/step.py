"""Cost of recording, checkpoints and packed images: a session's epoch against a bare loop on the same tensors."""

import copy
import statistics
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import torch
from torch.nn import functional

from engine.files.paths import Home
from engine.spec.grid import make_spec
from engine.store import queue, workers
from engine.store.add import add_runs
from engine.store.database import open_store
from engine.store.history import epochs_of
from engine.training.context import RunContext
from engine.training.precision import resolve_precision
from engine.training.session import Session
from engine.training.store_recorder import StoreRecorder
from engine.training.torch_setup import keep_freed_memory, resolve_threads

TITLE = "Training: ResNet-18 on fundus at 64 px, batch 32, the epoch's training part"
PAIRS = 5
SPEC = {"data": "fundus", "image_size": 64, "batch_size": 32, "epochs": 1, "augment": "none"}


def measure() -> Iterator[str]:
    device = torch.device("cpu")
    torch.set_num_threads(resolve_threads(0))
    keep_freed_memory()
    precision = resolve_precision("auto", device)
    with tempfile.TemporaryDirectory() as folder:
        home = Home.find(Path(folder))
        store = open_store(home.database)
        specs = [make_spec({**SPEC, "seed": seed}) for seed in range(PAIRS)]
        add_runs(store, specs)
        worker = workers.register(store, pid=1, device="cpu", device_name="bench")
        ratios, ours, bares = [], [], []
        for spec in specs:
            held = queue.claim(store, worker)
            assert held is not None
            session = Session(
                RunContext(
                    spec, home, held.run_id, device=device, precision=precision, log=lambda _text: None
                )
            )
            batches = [
                (batch.images, batch.labels)
                for batch in session.data.batches.train(session.data.train_rows, epoch=1)
            ]
            bare = _bare(session, batches)
            recorder = StoreRecorder(store, held, spec, {})
            session.train(recorder, lambda: False)
            with store.read() as reading:
                mine = epochs_of(reading, held.run_id)[-1].images_per_s or 0.0
            queue.end(store, held, "done")
            ours.append(mine)
            bares.append(bare)
            ratios.append(mine / bare)
    yield f"- bare loop on tensors in memory: {statistics.median(bares):.1f} images/s ({precision})"
    yield f"- session, recording every step, from packed images: {statistics.median(ours):.1f} images/s"
    yield f"- ratio {statistics.median(ratios):.3f}, from {min(ratios):.3f} to {max(ratios):.3f} (n = {PAIRS} pairs)"


def _bare(session: Session, batches: list[tuple[torch.Tensor, torch.Tensor]]) -> float:
    """Images/s of the plainest loop, on a copy of the network."""
    model = copy.deepcopy(session.net.model).train()
    optimizer = torch.optim.SGD(model.parameters(), lr=1e-3, momentum=0.9, weight_decay=5e-4, fused=True)
    began = time.perf_counter()
    for images, labels in batches:
        optimizer.zero_grad(set_to_none=True)
        with session.net.autocast():
            loss = functional.cross_entropy(model(images), labels)
        loss.backward()
        optimizer.step()
    return sum(len(labels) for _, labels in batches) / (time.perf_counter() - began)
