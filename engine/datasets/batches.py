"""Batches on the device, and all randomness of a run except the initial weights.

Shuffling and augmentation are functions of (seed, epoch, image), not draws from a stream. A run that is
resumed, or that loads its images in another way, sees the same batches bit for bit."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from engine.datasets.loading.augment import Views, make_views, placed, plain_views
from engine.datasets.loading.device_feeds import CudaCopier, Feed, Mapped, Pinned, Resident
from engine.recipes.augmentations import passes_of
from engine.recipes.batch_parts import ALONE, SHARED, Part, Partition, Ranks, parts_of
from engine.recipes.counters import COPY_STEP, NETWORK, ORDER, mix
from engine.recipes.normalizations import DEFAULT, NORMALIZATIONS, NormalizationInfo
from engine.recipes.samplers import SAMPLERS

EVALUATED_AT_ONCE = 128
"""Images of up to 224 px in one evaluation batch."""


@dataclass(frozen=True)
class Batch:
    """Images and labels of one step, on the device: those of this process, where several share a batch."""

    rows: NDArray[np.int64]
    """Rows of the index."""
    images: Tensor
    """float32, B×3×H×W in the memory format of `Batches`, normalised."""
    labels: Tensor
    """int64, B."""
    seed: int = 0
    """Seed of the network's own randomness on this batch, such as dropout."""
    part: Part | None = None
    """Part of the whole batch that these images are; None for all of it."""

    @property
    def share(self) -> float:
        """Share of the batch's gradient."""
        return 1.0 if self.part is None else self.part.share

    @property
    def total(self) -> int:
        """Images of the whole batch."""
        return len(self.labels) if self.part is None else self.part.total


class Batches:
    """Loader of a split's images: gathers them from the packed map and prepares them on the device."""

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
        size_px: int | None = None,
        background: int = 0,
        normalization: NormalizationInfo = NORMALIZATIONS[DEFAULT],
        gpu_cache_bytes: int = 0,
        layout: torch.memory_format = torch.channels_last,
        partition: Partition = SHARED,
        ranks: Ranks = ALONE,
    ) -> None:
        """Take the packed `images`, uint8 N×S×S×3, and their `labels`, int64 N.

        `size_px` is the side of the network's input; None: the side S of the packed images. `background` is the
        grey level that fills the corners after a rotation; `normalization` is applied to training and evaluation alike;
        `layout` is the memory format of the batches; `partition`
        divides the epochs of training; `ranks` divides the batches among the processes of the training."""
        self._labels = torch.from_numpy(labels).to(device)
        self._device, self.batch_size, self._seed, self._augment = device, batch_size, seed, augment
        self._classes, self._sampler = labels, sampler
        self._packed_px, self._background = images.shape[1], background
        self._size_px = size_px or self._packed_px
        self._layout, self._partition, self._ranks = layout, partition, ranks
        self._evaluated_at_once = max(
            1, min(EVALUATED_AT_ONCE, EVALUATED_AT_ONCE * 224**2 // self._packed_px**2)
        )
        self.feed = make_feed(images, device, gpu_cache_bytes)
        self._mean, self._std = (
            torch.tensor(each, device=device).mul_(255).repeat(self._size_px)
            for each in (normalization.mean, normalization.std)
        )

    def train(self, rows: NDArray[np.int64], *, epoch: int, start_step: int = 0) -> Iterator[Batch]:
        """Yield the shuffled, augmented batches of an epoch, beginning at `start_step`; the last may be smaller."""
        order, copies = self._order(rows, epoch)
        views = make_views(
            order,
            copies,
            augment=self._augment,
            seed=self._seed,
            epoch=epoch,
            shown_share=self._size_px / self._packed_px,
        )
        batches = self._partition.batches(len(order), self.batch_size)[start_step:]
        return self._batches(views, [self._ranks.part(batch) for batch in batches], epoch)

    def evaluate(self, rows: NDArray[np.int64]) -> Iterator[Batch]:
        """Yield the images in order, not augmented and without their margin; large images in smaller batches.

        Of several processes each takes its turn of the batches."""
        batches = self._ranks.in_turn(parts_of(len(rows), self._evaluated_at_once))
        return self._batches(plain_views(rows), [Part(batch) for batch in batches], 0)

    def halve_evaluated(self) -> bool:
        """Halve the evaluation batch from now on; return False where it is a single image already, and where another
        process, which would have to do the same, knows nothing of it."""
        if self._evaluated_at_once == 1 or self._ranks.size > 1:
            return False
        self._evaluated_at_once //= 2
        return True

    def _order(self, rows: NDArray[np.int64], epoch: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return an epoch's rows in its order, and which copy of its image each is."""

        def numbers(keys: NDArray[np.int64], copies: NDArray[np.int64]) -> NDArray[np.uint64]:
            return mix(self._seed, epoch, ORDER, keys + copies * COPY_STEP)

        return SAMPLERS[self._sampler].order(rows, self._classes[rows], passes_of(self._augment), numbers)

    def _batches(self, views: Views, taken: list[Part], epoch: int) -> Iterator[Batch]:
        """Yield the batches of these parts.

        Labels and crop positions go to the device once, so that a step transfers nothing but images."""
        labels = self._labels[torch.from_numpy(views.rows).to(self._device)]
        places = None if views.places is None else torch.from_numpy(views.places).to(self._device)
        parts = [each.images for each in taken]
        starts = np.array([part.start for part in parts], dtype=np.int64)
        seeds = (mix(self._seed, epoch, NETWORK, starts) >> np.uint64(1)).tolist()
        for one, raw, seed in zip(taken, self.feed.stream(views, parts), seeds, strict=True):
            part = one.images
            images = self._middle(raw) if places is None else self._placed(raw, places[part])
            yield Batch(views.rows[part], self._normalised(images), labels[part], seed, one)

    def _middle(self, raw: Tensor) -> Tensor:
        start, stop = (self._packed_px - self._size_px) // 2, (self._packed_px + self._size_px) // 2
        return raw[:, start:stop, start:stop]

    def _placed(self, raw: Tensor, places: Tensor) -> Tensor:
        levels = raw.permute(0, 3, 1, 2).to(torch.float32)
        return placed(levels, places, self._size_px, self._background).permute(0, 2, 3, 1)

    def _normalised(self, images: Tensor) -> Tensor:
        """Normalise levels N×H×W×3, which as N×3×H×W are in channels_last order already.

        Work on whole lines of pixels: three times faster than on a last dimension of 3, with the same bits."""
        lines = images.to(torch.float32, memory_format=torch.contiguous_format).flatten(2)
        lines.sub_(self._mean).div_(self._std)
        normal = lines.view(*lines.shape[:2], self._size_px, 3).permute(0, 3, 1, 2)
        return normal.contiguous(memory_format=self._layout)


def make_feed(images: NDArray[np.uint8], device: torch.device, gpu_cache_bytes: int) -> Feed:
    """Return the fastest feed that fits into the device's memory."""
    if device.type != "cuda":
        return Mapped(images)
    if images.nbytes <= gpu_cache_bytes:
        return Resident(images, device)
    return Pinned(images, CudaCopier(device))
