"""One training by one contender in a process of its own: prints its seconds and its test accuracy as JSON.

    python -m benchmarks.contender ours|torchvision|timm FOLDER --size PX --epochs N --precision fp32|auto

All train ResNet-18 at batch 32 with the same optimiser and schedule, on as many cores; images, transforms, loader
and step are each contender's own defaults: torchvision's as its reference script for classification has them
(references/classification/train.py and presets.py, random resized crop and flip), timm's as its train.py. Neither
uses mixed precision, channels_last or a compiler unless asked. Neither writes a checkpoint here, while ours does."""

import argparse
import json
import os
import tempfile
import time
from collections.abc import Callable, Iterable
from pathlib import Path

import torch
import torchvision
from torch import Tensor, nn
from torchvision.transforms import v2

BATCH, LR, MOMENTUM, WEIGHT_DECAY = 32, 0.01, 0.9, 5e-4
CORES = len(os.sched_getaffinity(0))
Loaders = tuple[Iterable[tuple[Tensor, Tensor]], Iterable[tuple[Tensor, Tensor]]]


def ours(folder: Path, size_px: int, epochs: int, precision: str, seed: int) -> dict[str, float]:
    """Through the engine's session with its recorder: the first run packs, a later one finds the packed images."""
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
    from engine.training.torch_setup import set_up_process

    device, chosen = torch.device("cpu"), resolve_precision(precision, torch.device("cpu"))
    settings = {"data": str(folder), "image_size": size_px, "batch_size": BATCH, "epochs": epochs, "lr": LR}
    spec = make_spec({**settings, "seed": seed, "schedule": "cosine", "augment": "flip"})
    set_up_process(spec, {"threads": CORES, "precision": chosen}, device)
    with tempfile.TemporaryDirectory() as place:
        home = Home.find(Path(place))
        store = open_store(home.database)
        add_runs(store, [spec, spec])
        worker = workers.register(store, pid=1, device="cpu", device_name="bench")
        held = queue.claim(store, worker)
        assert held is not None

        def session(run_id: int) -> Session:
            return Session(RunContext(spec, home, run_id, device, chosen, lambda _text: None))

        began = time.perf_counter()
        first = session(held.run_id)
        ready = time.perf_counter()
        first.train(StoreRecorder(store, held, spec, {}), lambda: False)
        trained = time.perf_counter()
        session(held.run_id + 1)
        later_s = time.perf_counter() - trained
        with store.read() as reading:
            accuracy = epochs_of(reading, held.run_id)[-1].test_acc
    assert accuracy is not None
    return {"seconds": trained - began, "later_s": later_s + trained - ready, "test_acc": accuracy}


def by_torchvision(folder: Path, size_px: int, epochs: int, _precision: str, seed: int) -> dict[str, float]:
    began = time.perf_counter()
    normal = [v2.PILToTensor(), v2.ToDtype(torch.float, scale=True)]
    normal.append(v2.Normalize(mean=(0.485, 0.456, 0.406), std=(0.229, 0.224, 0.225)))
    augment = v2.Compose(
        [v2.RandomResizedCrop(size_px, antialias=True), v2.RandomHorizontalFlip(0.5), *normal]
    )
    plain = v2.Compose([v2.Resize(size_px * 256 // 224, antialias=True), v2.CenterCrop(size_px), *normal])

    def loader(split: str, transform: v2.Compose, shuffle: bool) -> Iterable[tuple[Tensor, Tensor]]:
        images = torchvision.datasets.ImageFolder(folder / split, transform)
        return torch.utils.data.DataLoader(images, batch_size=BATCH, shuffle=shuffle, num_workers=CORES)

    loaders = loader("train", augment, True), loader("test", plain, False)
    return _train(torchvision.models.resnet18(num_classes=5), loaders, epochs, began)


def by_timm(folder: Path, size_px: int, epochs: int, _precision: str, seed: int) -> dict[str, float]:
    import timm
    from timm.data import create_dataset, create_loader

    began = time.perf_counter()

    def loader(split: str, is_training: bool) -> Iterable[tuple[Tensor, Tensor]]:
        images = create_dataset("", root=str(folder), split=split)
        return create_loader(
            images,
            (3, size_px, size_px),
            BATCH,
            is_training=is_training,
            num_workers=CORES,
            device=torch.device("cpu"),
        )

    return _train(
        timm.create_model("resnet18", num_classes=5),
        (loader("train", True), loader("test", False)),
        epochs,
        began,
    )


def _train(model: nn.Module, loaders: Loaders, epochs: int, began: float) -> dict[str, float]:
    """Return the step that both scripts share: forward, backward, step, with the loss read for the progress line."""
    train, test = loaders
    optimizer = torch.optim.SGD(model.parameters(), lr=LR, momentum=MOMENTUM, weight_decay=WEIGHT_DECAY)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=epochs * len(train))  # type: ignore[arg-type]
    loss_of = nn.CrossEntropyLoss()
    right = images_seen = 0
    for _ in range(epochs):
        model.train()
        for images, labels in train:
            loss = loss_of(model(images), labels)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
            loss.item()
        model.eval()
        right = images_seen = 0
        with torch.inference_mode():
            for images, labels in test:
                right += int((model(images).argmax(1) == labels).sum())
                images_seen += len(labels)
    seconds = time.perf_counter() - began
    return {"seconds": seconds, "later_s": seconds, "test_acc": right / images_seen}


CONTENDERS: dict[str, Callable[[Path, int, int, str, int], dict[str, float]]] = {
    "ours": ours,
    "torchvision": by_torchvision,
    "timm": by_timm,
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("name", choices=CONTENDERS)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--size", type=int, required=True)
    parser.add_argument("--epochs", type=int, required=True)
    parser.add_argument("--precision", default="fp32")
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    torch.manual_seed(given.seed)
    torch.set_num_threads(CORES)
    print(
        json.dumps(
            CONTENDERS[given.name](given.folder, given.size, given.epochs, given.precision, given.seed)
        )
    )


if __name__ == "__main__":
    main()
