"""Profile of a step by operation, and of an epoch by what the session does."""

import cProfile
import pstats
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch
from torch.profiler import ProfilerActivity, profile

from engine.files.paths import Home
from engine.spec.grid import make_spec
from engine.store import queue, workers
from engine.store.add import add_runs
from engine.store.database import open_store
from engine.training.context import RunContext
from engine.training.precision import resolve_precision
from engine.training.session import Session
from engine.training.step import take_step
from engine.training.store_recorder import StoreRecorder
from engine.training.torch_setup import resolve_threads, set_up_process

TITLE = "Profile: ResNet-18 on fundus, batch 32"
STEPS = 5
SIZES = ((64, 2), (224, 1))
"""Side in px, epochs."""
KINDS = {
    "convolutions forward": ("mkldnn_convolution", "conv2d", "convolution"),
    "convolutions backward": ("convolution_backward",),
    "batch normalisation": ("batch_norm",),
    "pooling": ("pool",),
    "ReLU and residual sums": ("threshold_backward", "clamp_min", "relu", "aten::add"),
    "optimiser": ("_fused_sgd", "_fused_adamw"),
    "copies and new tensors": ("copy_", "empty", "zero", "fill_", "clone"),
}
"""Operations by a part of their names; the first that fits counts."""
PARTS = {
    "training": "_train_epoch",
    "evaluating": "_measure",
    "best weights and predictions": "_write_best",
    "checkpoints": "_save",
    "the run table": "epoch",
}
"""Parts of a session after it has begun, by the method that does it."""


def measure() -> Iterator[str]:
    device = torch.device("cpu")
    precision = resolve_precision("auto", device)
    with tempfile.TemporaryDirectory() as folder:
        home = Home.find(Path(folder))
        store = open_store(home.database)
        worker = workers.register(store, pid=1, device="cpu", device_name="bench")
        for size_px, epochs in SIZES:
            spec = make_spec({"data": "fundus", "image_size": size_px, "batch_size": 32, "epochs": epochs})
            set_up_process(spec, {"threads": resolve_threads(0), "precision": precision}, device)
            add_runs(store, [spec])
            held = queue.claim(store, worker)
            assert held is not None
            began = time.perf_counter()
            session = Session(
                RunContext(
                    spec, home, held.run_id, device=device, precision=precision, log=lambda _text: None
                )
            )
            packed_s = time.perf_counter() - began
            watch = cProfile.Profile()
            watch.enable()
            session.train(StoreRecorder(store, held, spec, {}), lambda: False)
            watch.disable()
            queue.end(store, held, "done")
            counts = [len(each) for each in (session.data.train_rows, session.data.test_rows)]
            yield f"- {size_px} px, {precision}, a step: {_shares(_operations(session))}"
            trained = f"{epochs} {'epoch' if epochs == 1 else 'epochs'} of {counts[0]:,} images"
            yield (
                f"- {size_px} px, {trained}, tested on {counts[1]:,} before the first and after each: "
                f"{_shares(_parts(watch))}; drawing and packing before took {packed_s:.1f} s"
            )


def _operations(session: Session) -> Counter[str]:
    """Microseconds of each kind of operation over some steps."""
    batches = session.data.batches.train(session.data.train_rows, epoch=1)
    ready = [next(batches) for _ in range(STEPS)]
    session.net.model.train()
    take_step(session.net, ready[0])
    with profile(activities=[ProfilerActivity.CPU]) as seen:
        for batch in ready:
            take_step(session.net, batch)
    found: Counter[str] = Counter()
    for operation in seen.key_averages():
        found[_kind(operation.key)] += int(operation.self_cpu_time_total)
    return found


def _kind(operation: str) -> str:
    parts: dict[str, tuple[str, ...]] = {"convolutions backward": KINDS["convolutions backward"], **KINDS}
    return next(
        (kind for kind, names in parts.items() if any(name in operation for name in names)), "the rest"
    )


def _parts(watch: cProfile.Profile) -> Counter[str]:
    """Milliseconds of each part of a training."""
    rows: dict[tuple[str, int, str], Any] = pstats.Stats(watch).stats  # type: ignore[attr-defined]
    found: Counter[str] = Counter()
    for (file, _, name), (_, _, _, cumulative_s, _) in rows.items():
        if not file.endswith(("training/session.py", "training/store_recorder.py")):
            continue
        if name == "train" and file.endswith("session.py"):
            found["the rest"] += round(1000 * cumulative_s)
        for part, method in PARTS.items():
            if name == method:
                found[part] += round(1000 * cumulative_s)
                found["the rest"] -= round(1000 * cumulative_s)
    return found


def _shares(found: Counter[str]) -> str:
    total = sum(found.values())
    return ", ".join(f"{kind} {100 * value / total:.1f} %" for kind, value in found.most_common())
