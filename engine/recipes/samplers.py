"""Samplers: one entry each, for which images an epoch's steps see, and in which order."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from engine.recipes.entry import Entry, by_name

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

Numbers: TypeAlias = "Callable[[NDArray[np.int64], NDArray[np.int64]], NDArray[np.uint64]]"
"""A 64-bit random number for each pair of a counter (such as an image's row) and its copy, always the same."""
Order: TypeAlias = "tuple[NDArray[np.int64], NDArray[np.int64]]"
"""An epoch's rows in its order, and how often each stood there before."""


@dataclass(frozen=True, kw_only=True)
class SamplerInfo(Entry):
    """Sampler: all that the program knows of it."""

    order: "Callable[[NDArray[np.int64], NDArray[np.int64], int, Numbers], Order]"
    """From the training rows, their labels, the passes that an epoch makes over them, and the random numbers."""
    shares: Callable[[Sequence[int]], list[float]]
    """The share of each class among the images that the steps see, from its training images; some class has any."""
    keeps_shares: bool
    """Whether these are the shares of the training images."""

    def drawn_shares(self, counts: Sequence[int]) -> list[float] | None:
        """Return the share of each class among the images that the steps see; None without images."""
        return self.shares(counts) if sum(counts) else None


def _shuffled(rows: "NDArray[np.int64]", labels: "NDArray[np.int64]", passes: int, numbers: Numbers) -> Order:
    import numpy as np

    shown, copies = np.tile(rows, passes), np.repeat(np.arange(passes), len(rows))
    order = np.argsort(numbers(shown, copies), kind="stable")
    return shown[order], copies[order]


def _balanced(rows: "NDArray[np.int64]", labels: "NDArray[np.int64]", passes: int, numbers: Numbers) -> Order:
    import numpy as np

    places = np.arange(passes * len(rows))
    drawn = balanced_draw(numbers(places, np.zeros_like(places)), rows, labels)
    return drawn, copies_of(drawn)


def balanced_draw(
    numbers: "NDArray[np.uint64]", rows: "NDArray[np.int64]", labels: "NDArray[np.int64]"
) -> "NDArray[np.int64]":
    """One of `rows` for each random number, with replacement: first a class, each that has images being equally
    likely, then one of its images. `labels` are those of `rows`.

    The distribution of torch's WeightedRandomSampler with weights 1 / n_c."""
    import numpy as np

    half = np.uint64(32)
    classes, sizes = np.unique(labels, return_counts=True)
    by_class = rows[np.argsort(labels, kind="stable")]
    firsts = np.cumsum(sizes) - sizes
    drawn = ((numbers >> half) * np.uint64(len(classes)) >> half).astype(np.int64)
    low = numbers & np.uint64(2**32 - 1)
    within = (low * sizes[drawn].astype(np.uint64) >> half).astype(np.int64)
    chosen: NDArray[np.int64] = by_class[firsts[drawn] + within]
    return chosen


def copies_of(order: "NDArray[np.int64]") -> "NDArray[np.int64]":
    """Count how often each row stood in the order before: what tells the augmentations of its repeats apart."""
    import numpy as np

    places = np.argsort(order, kind="stable")
    ordered = order[places]
    is_first = np.concatenate([[True], ordered[1:] != ordered[:-1]])[: len(order)]
    firsts = np.maximum.accumulate(np.where(is_first, np.arange(len(order)), 0))
    copies = np.empty_like(order)
    copies[places] = np.arange(len(order)) - firsts
    return copies


def _proportional(counts: Sequence[int]) -> list[float]:
    return [count / sum(counts) for count in counts]


def _uniform(counts: Sequence[int]) -> list[float]:
    return _proportional([int(count > 0) for count in counts])


SAMPLERS = by_name(
    SamplerInfo(
        name="shuffle",
        description="each image once a pass",
        order=_shuffled,
        shares=_proportional,
        keeps_shares=True,
    ),
    SamplerInfo(
        name="balanced",
        description="all classes equally often, their images drawn with replacement",
        order=_balanced,
        shares=_uniform,
        keeps_shares=False,
    ),
)
