"""Preparation of a run's images: index, pack, make batches."""

import statistics
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.datasets.batches import Batches
from engine.datasets.index import Index
from engine.datasets.layouts import DataError
from engine.datasets.packed import BadImages, Packed, pack, skip
from engine.datasets.pixels.decode import Look
from engine.datasets.pixels.preprocess import GREY
from engine.datasets.pixels.samples import Stamps
from engine.datasets.source import index_data
from engine.files.paths import gpu_cache_bytes
from engine.metrics.group_accuracy import seen_groups
from engine.preflight.data_checks import check_fit
from engine.recipes.batch_parts import SHARED, Partition, part_count
from engine.recipes.normalizations import NORMALIZATIONS
from engine.spec.conflicts import smallest_batch
from engine.spec.run_spec import RunSpec
from engine.time_line import Phase
from engine.training.artifacts import write_bad_list
from engine.training.context import RunContext
from engine.training.packing_progress import PackingLog

BAD_SHOWN = 20
"""Most unreadable images that the log names; the file names all."""


@dataclass(frozen=True)
class PreparedData:
    """Images of a run, ready to be gathered."""

    index: Index
    stamps: Stamps | None
    """Stamps of the files that the images were packed from; None for a built-in set."""
    batches: Batches
    train_rows: NDArray[np.int64]
    test_rows: NDArray[np.int64]
    val_rows: NDArray[np.int64]
    """Empty where the data have no val split."""
    seen_groups: NDArray[np.bool_] | None
    """Mask of the test images whose group has images in train; None where images have no groups."""
    steps_per_epoch: int
    usual_batch: int
    """Images of most batches."""
    partition: Partition


def prepare_data(
    context: RunContext, partition: Partition = SHARED, class_names: Sequence[str] = ()
) -> PreparedData:
    """Index and pack the images; list unreadable ones in the run's folder.

    A run that goes on numbers its classes as in `class_names`, those that it began with.

    Raises DataError, CacheError, and Stopped where `should_stop` returns True while images are packed."""
    spec = context.spec
    with context.clock.phase(Phase.LIST):
        index = index_data(context.home, spec)
        index = index.with_classes(class_names) if class_names else index
    context.log(f"data {spec.data}: {index.describe()}")
    if problem := next(check_fit([spec], index), None):
        raise DataError(problem)
    with context.clock.phase(Phase.CHANGES):
        packed = _pack(context, index)
        index = skip(index, packed.bad)
    train, test, val = (
        np.asarray(index.rows_of(split), dtype=np.int64) for split in ("train", "test", "val")
    )
    return PreparedData(
        index,
        packed.stamps,
        _batches(context, index, packed.images, partition),
        train,
        test,
        val,
        seen_groups(index.groups, test.tolist(), train.tolist()),
        steps_per_epoch=_steps_per_epoch(context, len(train)),
        usual_batch=_usual_batch(spec, len(train), partition),
        partition=partition,
    )


def _batches(context: RunContext, index: Index, images: NDArray[np.uint8], partition: Partition) -> Batches:
    spec = context.spec
    return Batches(
        images,
        np.asarray(index.labels, dtype=np.int64),
        device=context.device,
        batch_size=spec.batch_size,
        seed=spec.seed,
        augment=spec.augment,
        sampler=spec.sampler,
        size_px=spec.image_size,
        background=GREY if spec.preprocess == "graham" else 0,
        normalization=NORMALIZATIONS[spec.normalize],
        gpu_cache_bytes=gpu_cache_bytes(),
        layout=context.layout.images,
        partition=partition,
        ranks=context.group.ranks,
    )


def _steps_per_epoch(context: RunContext, train_images: int) -> int:
    """Count the steps of an epoch. Raises DataError where BatchNorm would see a single value."""
    spec = context.spec
    shown = train_images * spec.passes
    if spec.passes > 1:
        context.log(
            f"{spec.augment}: {spec.passes} passes an epoch, {shown:,} views of {train_images:,} training images"
        )
    if shown == 1 and spec.epochs and smallest_batch(spec) > 1:
        raise DataError(f"{spec.data} has a single training image: a network cannot learn from it")
    return part_count(shown, spec.batch_size)


def _usual_batch(spec: RunSpec, train_images: int, partition: Partition) -> int:
    parts = partition.batches(train_images * spec.passes, spec.batch_size)
    return statistics.mode(part.stop - part.start for part in parts) if parts else spec.batch_size


def _pack(context: RunContext, index: Index) -> Packed:
    """Pack the images, and tell of unreadable ones."""
    spec, bad_list = context.spec, context.paths.bad_images
    try:
        packed = pack(
            index,
            context.home.cache,
            Look(spec.packed_px, spec.fit, spec.preprocess, spec.resize),
            on_bad=spec.on_bad,
            progress=PackingLog(context.log),
            should_stop=context.should_stop,
            log=context.log,
            clock=context.clock,
        )
    except BadImages as error:
        if context.group.leads:
            write_bad_list(bad_list, error.bad)
        raise
    if context.group.leads:
        write_bad_list(bad_list, {index.names[row]: why for row, why in packed.bad.items()})
    if packed.bad:
        context.log(
            f"skipped {len(packed.bad):,} of {len(index.names):,} images that cannot be read: see {bad_list.name}"
        )
        for why in list(packed.bad.values())[:BAD_SHOWN]:
            context.log(f"  {why}")
    return packed
