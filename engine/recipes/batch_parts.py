"""Division of an epoch's images into batches, and of a batch into micro-batches."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import TypeAlias

Divide: TypeAlias = Callable[[int, int], list[slice]]
"""From a number of images and the size of a part to the parts, in order."""
MOST_LACKING = 4
"""A batch lacks at most a quarter of its size. Statistics over very few images, such as BatchNorm's of two whose last
feature map is 1×1, ruin a network."""


def part_count(images: int, size: int) -> int:
    """Count the parts of a size, such as the steps of an epoch; the same under each of PARTITIONS.

    The last part of 2 also takes an odd image, for BatchNorm has no variance of a single one at 1×1."""
    return images // 2 if size == 2 and images > 1 else -(-images // size)


def batches_of(images: int, size: int) -> list[slice]:
    """Divide an epoch: its last batches share what a single last one would lack, as few of them as can without lacking
    more than a quarter each; where there are too few for that, all do."""
    return _shared(images, size, max(1, size // MOST_LACKING))


def micro_batches_of(images: int, size: int) -> list[slice]:
    """Divide a batch into parts that differ by at most one image."""
    return _shared(images, size, 1)


def _shared(images: int, size: int, most: int) -> list[slice]:
    """Divide into parts whose last ones share what is lacking, at most `most` each; all do where that is not enough."""
    count = part_count(images, size)
    lacking = count * size - images  # -1 where the last part of 2 takes an odd image
    sharing = max(1, min(-(-lacking // most), count))
    each, more = divmod(lacking, sharing)
    lengths = [size] * (count - sharing) + [size - each] * (sharing - more) + [size - each - 1] * more
    return _slices(lengths if images else [])


def parts_of(images: int, size: int) -> list[slice]:
    """Divide into whole parts and a last one of any length but one: a last image alone takes another from the part
    before it, or joins that one where it has but two. For evaluation, which takes no statistics of a batch."""
    count = part_count(images, size)
    lengths = [size] * count
    if count:
        lengths[-1] = images - size * (count - 1)
    if count > 1 and size > 2 and lengths[-1] == 1:
        lengths[-2:] = [size - 1, 2]
    return _slices(lengths)


def _slices(lengths: Sequence[int]) -> list[slice]:
    stops = list(accumulate(lengths))
    return [slice(stop - length, stop) for stop, length in zip(stops, lengths, strict=True)]


@dataclass(frozen=True)
class Partition:
    """Rule by which a run divides its epochs into batches, and its batches into micro-batches."""

    name: str
    """As checkpoints store it."""
    batches: Divide
    micro_batches: Divide


@dataclass(frozen=True)
class Part:
    """Images of a batch that one process takes."""

    images: slice
    """Their places among the images of the epoch."""
    share: float = 1.0
    """Their share of the batch's gradient; those of all processes sum to 1."""
    total: int = 0
    """Images of the whole batch."""
    counts: bool = True
    """False where another process counts the same images."""


@dataclass(frozen=True)
class Ranks:
    """Rule by which the processes of one training divide each batch: in order, lengths that differ by at most one."""

    rank: int = 0
    size: int = 1
    fewest: int = 1
    """Fewest images that a process can take."""

    def part(self, batch: slice) -> Part:
        """Return this process's part of a batch. One too small to be divided is taken whole by each of them."""
        total = batch.stop - batch.start
        if self.size > 1 and total < self.size * self.fewest:
            return Part(batch, 1 / self.size, total, counts=self.rank == 0)
        each, more = divmod(total, self.size)
        start = batch.start + self.rank * each + min(self.rank, more)
        stop = start + each + (self.rank < more)
        return Part(slice(start, stop), (stop - start) / total, total)

    def in_turn(self, batches: Sequence[slice]) -> list[slice]:
        """Return every batch of an evaluation that this process takes."""
        return list(batches[self.rank :: self.size])


ALONE = Ranks()
"""Of a training in one process."""

SHARED = Partition("shared", batches_of, micro_batches_of)
"""Of every run that begins."""
LAST_SHORT = Partition("last short", parts_of, parts_of)
"""Of runs begun by a version whose checkpoints name no rule: they keep it, and with it their bits, to their end."""
PARTITIONS = {each.name: each for each in (SHARED, LAST_SHORT)}
