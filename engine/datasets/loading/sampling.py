"""Sampling of an epoch's images and their division into batches."""

import numpy as np
from numpy.typing import NDArray

_HALF = np.uint64(32)


def balanced_draw(
    numbers: NDArray[np.uint64], rows: NDArray[np.int64], labels: NDArray[np.int64]
) -> NDArray[np.int64]:
    """Draw one of `rows` for each random number, with replacement; `labels` are the labels of `rows`.

    First draw a class, all classes with images being equally likely, then one of its images. The distribution is that
    of torch's WeightedRandomSampler with weights 1 / n_c."""
    classes, sizes = np.unique(labels, return_counts=True)
    by_class = rows[np.argsort(labels, kind="stable")]
    firsts = np.cumsum(sizes) - sizes
    drawn = (numbers >> _HALF) * np.uint64(len(classes)) >> _HALF
    drawn = drawn.astype(np.int64)
    low = numbers & np.uint64(2**32 - 1)
    within = (low * sizes[drawn].astype(np.uint64) >> _HALF).astype(np.int64)
    chosen: NDArray[np.int64] = by_class[firsts[drawn] + within]
    return chosen


def copies_of(order: NDArray[np.int64]) -> NDArray[np.int64]:
    """Number the repeats of each row in the order from 0, so that each repeat is augmented differently."""
    places = np.argsort(order, kind="stable")
    ordered = order[places]
    is_first = np.concatenate([[True], ordered[1:] != ordered[:-1]])[: len(order)]
    firsts = np.maximum.accumulate(np.where(is_first, np.arange(len(order)), 0))
    copies = np.empty_like(order)
    copies[places] = np.arange(len(order)) - firsts
    return copies


def parts_of(count: int, size: int) -> list[slice]:
    """Divide `count` images into parts of `size`, the last of which may be smaller but never a single image.

    BatchNorm has no variance of a single image at 1×1. A last single image takes another one from the part before it,
    or joins that part where `size` is 2."""
    starts = list(range(0, count, size))
    if size > 1 and len(starts) > 1 and count - starts[-1] == 1:
        last = starts.pop() - 1
        starts += [last] if size > 2 else []
    return [slice(start, stop) for start, stop in zip(starts, [*starts[1:], count], strict=False)]
