"""Batches on the device. Owns all randomness of a run but the weights' start.

Shuffling and augmentation are functions of (seed, epoch, image), not draws from a stream: a run that is
resumed, or that gathers its images in another way, sees the same batches bit for bit."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from engine.datasets.sampling import balanced_draw, copies_of, parts_of

# Mean and standard deviation of ImageNet's images, RGB in [0, 1]: what torchvision's weights were trained with.
MEAN = (0.485, 0.456, 0.406)
STD = (0.229, 0.224, 0.225)

EVALUATED_AT_ONCE = 128
"""Images of up to 224 px."""

NETWORK, ORDER, FLIP = 0, 1, 2
"""What a random number is for: different purposes see unrelated numbers."""


@dataclass(frozen=True)
class Batch:
    rows: NDArray[np.int64]
    """Places in the index."""
    images: Tensor
    """float32, B×3×H×W in channels_last order, normalised."""
    labels: Tensor
    """int64, B."""
    seed: int = 0
    """For what the network draws itself on this batch, such as dropout."""


def mix(seed: int, epoch: int, purpose: int, rows: NDArray[np.int64]) -> NDArray[np.uint64]:
    """A 64-bit random number for each row, a pure function of its arguments.

    Three rounds of the SplitMix64 finaliser (Steele, Lea and Flood 2014) over the mixed-in counters."""
    with np.errstate(over="ignore"):
        value = _splitmix(np.full(len(rows), seed * 4 + purpose, dtype=np.uint64))
        value = _splitmix(value ^ np.uint64(epoch))
        return _splitmix(value ^ rows.astype(np.uint64))


def _splitmix(value: NDArray[np.uint64]) -> NDArray[np.uint64]:
    value = value + np.uint64(0x9E3779B97F4A7C15)
    value = (value ^ (value >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    value = (value ^ (value >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return value ^ (value >> np.uint64(31))


class Batches:
    """Gathers a split's images from the packed map and prepares them on the device."""

    def __init__(
        self,
        images: NDArray[np.uint8],
        labels: NDArray[np.int64],
        *,
        device: torch.device,
        batch_size: int,
        seed: int,
        augment: str,
        sampler: str = "shuffle",
        gpu_cache_bytes: int = 4 * 2**30,
    ) -> None:
        self._labels = torch.from_numpy(labels).to(device)
        self._device, self.batch_size, self._seed, self._augment = device, batch_size, seed, augment
        self._packed, self._classes, self._sampler = images, labels, sampler
        on_device = device.type == "cuda" and images.nbytes <= gpu_cache_bytes
        self._resident = torch.from_numpy(np.ascontiguousarray(images)).to(device) if on_device else None
        shape = (1, 3, 1, 1)
        self._mean = torch.tensor(MEAN, device=device).view(shape) * 255
        self._std = torch.tensor(STD, device=device).view(shape) * 255

    def train(self, rows: NDArray[np.int64], *, epoch: int, start_step: int = 0) -> Iterator[Batch]:
        """The shuffled, augmented batches of an epoch from `start_step` on; the last may be smaller."""
        order, copies = self._order(rows, epoch)
        keys = order + copies * len(self._packed)
        for part in parts_of(len(order), self.batch_size)[start_step:]:
            some = order[part]
            images = self._prepare(some)
            if self._augment == "flip":
                images = self._flip(images, mix(self._seed, epoch, FLIP, keys[part]))
            labels = self._labels[torch.from_numpy(some).to(self._device)]
            yield Batch(some, images, labels, self._network_seed(epoch, part.start))

    def _order(self, rows: NDArray[np.int64], epoch: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """An epoch's rows in its order, and which copy of its image each is."""
        if self._sampler == "balanced":
            numbers = mix(self._seed, epoch, ORDER, np.arange(len(rows)))
            order = balanced_draw(numbers, rows, self._classes[rows])
            return order, copies_of(order)
        order = rows[np.argsort(mix(self._seed, epoch, ORDER, rows), kind="stable")]
        return order, np.zeros_like(order)

    def _network_seed(self, epoch: int, start: int) -> int:
        return int(mix(self._seed, epoch, NETWORK, np.array([start]))[0] >> np.uint64(1))

    def evaluate(self, rows: NDArray[np.int64]) -> Iterator[Batch]:
        """The images in order, as they are; fewer at once where they are large."""
        batch_size = max(1, min(EVALUATED_AT_ONCE, EVALUATED_AT_ONCE * 224**2 // self._packed.shape[1] ** 2))
        for start in range(0, len(rows), batch_size):
            some = rows[start : start + batch_size]
            yield Batch(some, self._prepare(some), self._labels[torch.from_numpy(some).to(self._device)])

    def _prepare(self, rows: NDArray[np.int64]) -> Tensor:
        if self._resident is not None:
            raw = self._resident[torch.from_numpy(rows).to(self._device)]
        else:
            raw = torch.from_numpy(np.take(self._packed, rows, axis=0))
            if self._device.type == "cuda":
                raw = raw.pin_memory().to(self._device, non_blocking=True)
        # The map is N×H×W×3; seen as N×3×H×W its memory is in channels_last order already.
        return (raw.permute(0, 3, 1, 2).to(torch.float32) - self._mean) / self._std

    def _flip(self, images: Tensor, bits: NDArray[np.uint64]) -> Tensor:
        """Mirror each image left-right and top-bottom by two independent fair bits."""
        for bit, dimension in ((0, 3), (1, 2)):
            chosen = torch.from_numpy((bits >> np.uint64(bit)) & np.uint64(1) == 1).to(self._device)
            images = torch.where(chosen.view(-1, 1, 1, 1), images.flip(dimension), images)
        return images.contiguous(memory_format=torch.channels_last)
