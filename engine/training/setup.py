"""All that training needs, made from a spec: data, batches, network, optimiser."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LRScheduler

from engine.analysis.groups import seen_groups
from engine.analysis.selection import selection_problem
from engine.datasets.batches import Batches
from engine.datasets.index import Index
from engine.datasets.layouts import DataError
from engine.datasets.packed import pack
from engine.datasets.source import index_data
from engine.models.resnet import build_model
from engine.models.weight_files import WeightsError
from engine.models.weights import apply_pretrained
from engine.paths import Home
from engine.spec import RunSpec
from engine.training.recipe import autocast, make_loss, make_optimizer, make_schedule

Log = Callable[[str], None]


@dataclass(frozen=True)
class Data:
    """The images of a run, ready to be gathered."""

    index: Index
    batches: Batches
    train_rows: NDArray[np.int64]
    test_rows: NDArray[np.int64]
    val_rows: NDArray[np.int64]
    """Empty where the data have no val split."""
    seen_groups: NDArray[np.bool_] | None
    """Of each test image, whether a member of its group is in train; None where images have no groups."""
    steps_per_epoch: int


@dataclass(frozen=True)
class Network:
    """A model on its device and what trains it."""

    model: nn.Module
    optimizer: Optimizer
    schedule: LRScheduler
    loss_of: nn.Module
    autocast: Callable[[], AbstractContextManager[object]]


def prepare_data(spec: RunSpec, home: Home, device: torch.device, log: Log) -> Data:
    """Index and pack the images. Raises DataError."""
    index = index_data(home, spec.data, test_fraction=spec.test_fraction)
    log(f"data {spec.data}: {index.describe()}")
    has_val = "val" in index.splits
    if problem := selection_problem(spec.select_on, has_val=has_val, ordered=index.ordered):
        raise DataError(problem)

    def packing(done: int, total: int) -> None:
        log(f"packed {done:,} of {total:,} images")

    images = pack(index, home.cache, size_px=spec.image_size, fit=spec.fit, progress=packing)
    labels = np.asarray(index.labels, dtype=np.int64)
    batches = Batches(
        images, labels, device=device, batch_size=spec.batch_size, seed=spec.seed, augment=spec.augment
    )
    train, test, val = (
        np.asarray(index.rows_of(split), dtype=np.int64) for split in ("train", "test", "val")
    )
    seen = seen_groups(index.groups, test.tolist(), train.tolist())
    steps = -(-len(train) // spec.batch_size)
    return Data(index, batches, train, test, val, seen, steps_per_epoch=steps)


def build_network(
    spec: RunSpec, home: Home, data: Data, device: torch.device, precision: str, log: Log, *, resumes: bool
) -> Network:
    """The network at its start. A run that `resumes` takes its weights from its checkpoint, not from where
    it began. Raises WeightsError."""
    classes = data.index.class_names
    model = build_model(
        spec.arch,
        len(classes),
        implementation=spec.implementation,
        bottleneck_stride=spec.bottleneck_stride,
        seed=spec.seed,
    )
    if not resumes:
        log(apply_pretrained(model, _weights_source(spec, home), arch=spec.arch, class_names=classes).note)
    model = model.to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]
    optimizer = make_optimizer(model, spec, device)
    schedule = make_schedule(optimizer, spec, data.steps_per_epoch * spec.epochs)
    return Network(model, optimizer, schedule, make_loss(), lambda: autocast(precision, device))


def _weights_source(spec: RunSpec, home: Home) -> str:
    """What `apply_pretrained` takes. Raises WeightsError where another run has no weights."""
    if spec.source_run is not None:
        path = home.run(spec.source_run).best
        if not path.exists():
            raise WeightsError(f"run {spec.source_run} has no best weights at {path}: train it first")
        return str(path)
    if spec.pretrained in ("none", "imagenet", "imagenet-v1"):
        return spec.pretrained
    return str(home.resolve(spec.pretrained))
