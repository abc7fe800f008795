"""All that training needs, made from a spec: data, batches, network, optimiser."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import assert_never

import numpy as np
import torch
from numpy.typing import NDArray

from engine.analysis.constant_loss import loss_problem
from engine.analysis.group_accuracy import seen_groups
from engine.analysis.selection import selection_problem
from engine.datasets.batches import Batches
from engine.datasets.index import Index
from engine.datasets.layouts import DataError
from engine.datasets.loading.sampling import parts_of
from engine.datasets.packed import BadImages, pack, skip
from engine.datasets.pixels.decode import Look
from engine.datasets.pixels.preprocess import GREY
from engine.datasets.source import index_data
from engine.files.paths import Home, gpu_cache_bytes
from engine.models.networks import build_network
from engine.models.weight_files import WeightsError
from engine.models.weights import Weights, apply_weights, read_weights
from engine.spec.conflicts import smallest_batch
from engine.spec.pretrained import source_kind
from engine.spec.run_spec import RunSpec
from engine.training.artifacts import write_bad_list
from engine.training.compilation import make_forward, make_replay
from engine.training.heads import add_dropout
from engine.training.losses import make_objective, outputs_of
from engine.training.packing_progress import PackingLog
from engine.training.recipe import autocast, make_optimizer, make_scaler, memory_format
from engine.training.schedules import make_schedule
from engine.training.step import Network

Log = Callable[[str], None]
BAD_SHOWN = 20
"""Unreadable images that the log names; the file names all."""


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


def prepare_data(
    spec: RunSpec,
    home: Home,
    device: torch.device,
    precision: str,
    log: Log,
    *,
    bad_list: Path,
    should_stop: Callable[[], bool],
) -> Data:
    """Index and pack the images; unreadable ones are listed in `bad_list`. Raises DataError, CacheError, Stopped."""
    index = index_data(home, spec)
    log(f"data {spec.data}: {index.describe()}")
    if problem := _misfit(spec, index):
        raise DataError(problem)

    index, images = _pack(spec, home, index, log, bad_list, should_stop)
    labels = np.asarray(index.labels, dtype=np.int64)
    batches = Batches(
        images,
        labels,
        device=device,
        batch_size=spec.batch_size,
        seed=spec.seed,
        augment=spec.augment,
        sampler=spec.sampler,
        size_px=spec.image_size,
        background=GREY if spec.preprocess == "graham" else 0,
        gpu_cache_bytes=gpu_cache_bytes(),
        layout=memory_format(spec.image_size, precision, device),
    )
    train, test, val = (
        np.asarray(index.rows_of(split), dtype=np.int64) for split in ("train", "test", "val")
    )
    seen = seen_groups(index.groups, test.tolist(), train.tolist())
    shown = len(train) * spec.passes
    if spec.passes > 1:
        log(
            f"{spec.augment}: {spec.passes} passes an epoch, {shown:,} views of {len(train):,} training images"
        )
    if shown == 1 and spec.epochs and smallest_batch(spec) > 1:
        raise DataError(f"{spec.data} has a single training image: a network cannot learn from it")
    steps = len(parts_of(shown, spec.batch_size))
    return Data(index, batches, train, test, val, seen, steps_per_epoch=steps)


def _misfit(spec: RunSpec, index: Index) -> str | None:
    """What the spec asks of its data that they do not have."""
    has_val = "val" in index.splits
    problem = selection_problem(spec.select_on, has_val=has_val, ordered=index.ordered)
    return problem or loss_problem(spec.loss, ordered=index.ordered)


def _pack(
    spec: RunSpec, home: Home, index: Index, log: Log, bad_list: Path, should_stop: Callable[[], bool]
) -> tuple[Index, NDArray[np.uint8]]:
    """The packed images, and the index without those that cannot be read."""
    look = Look(spec.packed_px, spec.fit, spec.preprocess)
    try:
        packed = pack(
            index,
            home.cache,
            look,
            on_bad=spec.on_bad,
            progress=PackingLog(log),
            should_stop=should_stop,
            log=log,
        )
    except BadImages as error:
        write_bad_list(bad_list, error.bad)
        raise
    write_bad_list(bad_list, {index.names[row]: why for row, why in packed.bad.items()})
    if packed.bad:
        log(
            f"skipped {len(packed.bad):,} of {len(index.names):,} images that cannot be read: see {bad_list.name}"
        )
        for why in list(packed.bad.values())[:BAD_SHOWN]:
            log(f"  {why}")
    return skip(index, packed.bad), packed.images


def make_network(
    spec: RunSpec,
    home: Home,
    data: Data,
    weights: Weights | None,
    device: torch.device,
    precision: str,
    log: Log,
    *,
    resumes: bool,
    micro_batch: int = 0,
) -> Network:
    """The network at its start, from the `weights` where there are any; `micro_batch` 0 is the spec's. A run that
    `resumes` takes its weights from its checkpoint afterwards. Raises WeightsError, PluginError."""
    classes = data.index.class_names
    built = build_network(
        spec.arch,
        outputs_of(spec.loss, len(classes)),
        implementation=spec.implementation,
        bottleneck_stride=spec.bottleneck_stride,
        stem=spec.stem,
        image_size_px=spec.image_size,
        seed=spec.seed,
        resolve=home.resolve,
    )
    model = built.model
    if not resumes:
        log(apply_weights(built, weights, class_names=classes, needs_head=spec.epochs == 0).note)
    if spec.head == "dropout":
        add_dropout(model, built.layers.head)
    layout = memory_format(spec.image_size, precision, device)
    model = model.to(device, memory_format=layout)  # type: ignore[call-overload]
    optimizer = make_optimizer(model, spec, device)
    return Network(
        model=model,
        forward=make_forward(model, spec, device, log),
        optimizer=optimizer,
        schedule=make_schedule(optimizer, spec, data.steps_per_epoch),
        loss_of=make_objective(spec, data.index.counts("train")).to(device),
        autocast=lambda: autocast(precision, device),
        scaler=make_scaler(precision, device),
        micro_batch=micro_batch or spec.images_at_once,
        layers=built.layers,
        clip_norm=spec.clip_norm,
        layout=layout,
        replay=make_replay(spec, device, precision, micro_batch or spec.images_at_once, log),
        plugin_sha256=built.plugin_sha256,
    )


def first_weights(spec: RunSpec, home: Home) -> Weights | None:
    """Where the network starts; None where all is drawn from the seed. Raises WeightsError."""
    source, name = _weights_source(spec, home)
    return read_weights(source, arch=spec.arch, stem=spec.stem, name=name)


def _weights_source(spec: RunSpec, home: Home) -> tuple[str, str]:
    """A word or the path of a file, and what messages call it."""
    kind = source_kind(spec.pretrained)
    match kind:
        case "none" | "imagenet":
            return spec.pretrained, spec.pretrained
        case "file":
            return str(home.resolve(spec.pretrained)), spec.pretrained
        case "run":
            assert spec.source_run is not None
            path = home.run(spec.source_run).best
            if not path.exists():
                raise WeightsError(f"run {spec.source_run} has no best weights at {path}: train it first")
            return str(path), f"run {spec.source_run}"
        case _:
            assert_never(kind)
