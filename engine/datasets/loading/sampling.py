"""Which images an epoch's steps see, and how they part into batches."""

import numpy as np
from numpy.typing import NDArray

_HALF = np.uint64(32)


def balanced_draw(
    numbers: NDArray[np.uint64], rows: NDArray[np.int64], labels: NDArray[np.int64]
) -> NDArray[np.int64]:
    """One of `rows` for each random number, with replacement: first a class, each that has images being equally
    likely, then one of its images. `labels` are those of `rows`.

    The distribution of torch's WeightedRandomSampler with weights 1 / n_c."""
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
    """How often each row stood in the order before: what tells the augmentations of its repeats apart."""
    places = np.argsort(order, kind="stable")
    ordered = order[places]
    is_first = np.concatenate([[True], ordered[1:] != ordered[:-1]])[: len(order)]
    firsts = np.maximum.accumulate(np.where(is_first, np.arange(len(order)), 0))
    copies = np.empty_like(order)
    copies[places] = np.arange(len(order)) - firsts
    return copies


def parts_of(count: int, size: int) -> list[slice]:
    """`count` images in parts of `size`, the last of any length but one, for BatchNorm has no variance of a single
    image at 1×1: a last one alone takes another from the part before it, or joins that one where it has but two."""
    starts = list(range(0, count, size))
    if size > 1 and len(starts) > 1 and count - starts[-1] == 1:
        last = starts.pop() - 1
        starts += [last] if size > 2 else []
    return [slice(start, stop) for start, stop in zip(starts, [*starts[1:], count], strict=False)]
