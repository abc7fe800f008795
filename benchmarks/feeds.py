"""Training from packed images against the same batches made before, in memory; and a thread that gathers ahead."""

import statistics
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from engine.datasets.batches import Batch, Batches
from engine.datasets.loading.device_feeds import Pinned
from engine.datasets.packed import open_map
from engine.models.resnet import build_model
from engine.training.memory_layout import one_order
from engine.training.precision import autocast, resolve_precision
from engine.training.torch_setup import keep_freed_memory, resolve_threads

TITLE = "Feeds: ResNet-18, batch 32, an epoch from the packed map against its batches in memory"
ROUNDS = 7
SIZES = ((64, 320), (224, 96))
"""Side in px, images."""
AUGMENT = "flip"
CPU = torch.device("cpu")


class HostCopier:
    """Stands for a device that is the host: what gathering ahead in a thread is worth by itself."""

    def buffer(self, shape: tuple[int, ...]) -> Tensor:
        return torch.empty(shape, dtype=torch.uint8)

    def wait_until_read(self, buffer: int) -> None:
        pass

    def begin(self, buffer: int, images: Tensor) -> Tensor:
        return images.clone()

    def finish(self, begun: Any) -> Tensor:
        made: Tensor = begun
        return made


def measure() -> Iterator[str]:
    torch.set_num_threads(resolve_threads(0))
    keep_freed_memory()
    precision = resolve_precision("auto", CPU)
    for size_px, count in SIZES:
        with tempfile.TemporaryDirectory() as place:
            yield from _size(Path(place), size_px, count, precision)


def _size(place: Path, size_px: int, count: int, precision: str) -> Iterator[str]:
    images = np.random.default_rng(0).integers(0, 256, (count, size_px, size_px, 3), dtype=np.uint8)
    (place / "map.u8").write_bytes(images.tobytes())
    packed, rows = open_map(place / "map.u8", images.shape), np.arange(count)
    labels, layout = rows % 5, one_order(size_px, precision, CPU).images
    batches, ahead = (
        Batches(packed, labels, device=CPU, batch_size=32, seed=0, augment=AUGMENT, layout=layout)
        for _ in range(2)
    )
    ahead.feed = Pinned(packed, HostCopier())
    memory = list(batches.train(rows, epoch=1))
    train = _trainer(precision, layout)
    train(memory)
    contenders: dict[str, Callable[[], Iterable[Batch]]] = {
        "memory": lambda: memory,
        "packed": lambda: batches.train(rows, epoch=1),
        "ahead": lambda: ahead.train(rows, epoch=1),
    }
    seconds: dict[str, list[float]] = {name: [] for name in contenders}
    for turn in range(ROUNDS):
        for name in sorted(contenders, reverse=turn % 2 == 1):
            seconds[name].append(train(contenders[name]()))
    pace = count / statistics.median(seconds["memory"])
    yield f"- {size_px} px, {precision}: in memory {pace:.1f} images/s"
    yield _share(size_px, lambda: batches.train(rows, epoch=1), lambda: train(memory))
    for name, words in (("packed", "packed"), ("ahead", "packed, gathered ahead by a thread")):
        ratios = [theirs / mine for theirs, mine in zip(seconds["memory"], seconds[name], strict=True)]
        spread = f"{min(ratios):.3f} to {max(ratios):.3f}"
        yield f"- {size_px} px: {words} ÷ in memory {statistics.median(ratios):.3f} ({spread}, n = {ROUNDS})"


def _share(size_px: int, prepare: Callable[[], Iterable[Batch]], train: Callable[[], object]) -> str:
    """Compare processor time, which other work on the machine hardly changes."""
    shares = []
    for _ in range(ROUNDS):
        began = time.process_time()
        for _batch in prepare():
            pass
        prepared = time.process_time()
        train()
        shares.append((prepared - began) / (time.process_time() - began))
    spread = f"{100 * min(shares):.2f} to {100 * max(shares):.2f}"
    middle = f"{100 * statistics.median(shares):.2f} %"
    return f"- {size_px} px: making batches takes {middle} ({spread}) of the processor time"


def _trainer(precision: str, layout: torch.memory_format) -> Callable[[Iterable[Batch]], float]:
    model = build_model("resnet18", 5, seed=0).to(memory_format=layout)
    optimizer = torch.optim.SGD(model.parameters(), lr=1e-3, momentum=0.9, fused=True)

    def train(batches: Iterable[Batch]) -> float:
        began = time.perf_counter()
        for batch in batches:
            optimizer.zero_grad(set_to_none=True)
            with autocast(precision, CPU):
                loss = functional.cross_entropy(model(batch.images), batch.labels)
            loss.backward()
            optimizer.step()
        return time.perf_counter() - began

    return train
