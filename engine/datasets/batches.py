"""Batches on the device. Owns all randomness of a run but the weights' start.

Shuffling and augmentation are functions of (seed, epoch, image), not draws from a stream: a run that is
resumed, or that gathers its images in another way, sees the same batches bit for bit."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from engine.datasets.loading.augment import Views, make_views, placed, plain_views
from engine.datasets.loading.batch_parts import parts_of
from engine.datasets.loading.device_feeds import CudaCopier, Feed, Mapped, Pinned, Resident
from engine.recipes.augmentations import passes_of
from engine.recipes.counters import COPY_STEP, NETWORK, ORDER, mix
from engine.recipes.samplers import SAMPLERS

# Mean and standard deviation of ImageNet's images, RGB in [0, 1]: what torchvision's weights were trained with.
MEAN = (0.485, 0.456, 0.406)
STD = (0.229, 0.224, 0.225)

EVALUATED_AT_ONCE = 128
"""Images of up to 224 px."""


@dataclass(frozen=True)
class Batch:
    rows: NDArray[np.int64]
    """Places in the index."""
    images: Tensor
    """float32, B×3×H×W in the layout asked for, normalised."""
    labels: Tensor
    """int64, B."""
    seed: int = 0
    """For what the network draws itself on this batch, such as dropout."""


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
        size_px: int | None = None,
        background: int = 0,
        gpu_cache_bytes: int = 0,
        layout: torch.memory_format = torch.channels_last,
    ) -> None:
        """`size_px`: the side that the network sees, where the map has a margin; `background`: the level of what
        a rotation brings in from outside; `layout`: in which order the network wants its images in memory."""
        self._labels = torch.from_numpy(labels).to(device)
        self._device, self.batch_size, self._seed, self._augment = device, batch_size, seed, augment
        self._classes, self._sampler = labels, sampler
        self._packed_px, self._background = images.shape[1], background
        self._size_px = size_px or self._packed_px
        self._layout = layout
        self._evaluated_at_once = max(
            1, min(EVALUATED_AT_ONCE, EVALUATED_AT_ONCE * 224**2 // self._packed_px**2)
        )
        self.feed = make_feed(images, device, gpu_cache_bytes)
        self._mean, self._std = (
            torch.tensor(each, device=device).mul_(255).repeat(self._size_px) for each in (MEAN, STD)
        )

    def train(self, rows: NDArray[np.int64], *, epoch: int, start_step: int = 0) -> Iterator[Batch]:
        """The shuffled, augmented batches of an epoch from `start_step` on; the last may be smaller."""
        order, copies = self._order(rows, epoch)
        views = make_views(
            order,
            copies,
            augment=self._augment,
            seed=self._seed,
            epoch=epoch,
            shown_share=self._size_px / self._packed_px,
        )
        return self._batches(views, parts_of(len(order), self.batch_size)[start_step:], epoch)

    def evaluate(self, rows: NDArray[np.int64]) -> Iterator[Batch]:
        """The images in order, as they are, a margin cut off; fewer at once where they are large."""
        return self._batches(plain_views(rows), parts_of(len(rows), self._evaluated_at_once), 0)

    def halve_evaluated(self) -> bool:
        """Evaluate half as many images at once from now on; False where it is a single one already."""
        if self._evaluated_at_once == 1:
            return False
        self._evaluated_at_once //= 2
        return True

    def _order(self, rows: NDArray[np.int64], epoch: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """An epoch's rows in its order, and which copy of its image each is."""

        def numbers(keys: NDArray[np.int64], copies: NDArray[np.int64]) -> NDArray[np.uint64]:
            return mix(self._seed, epoch, ORDER, keys + copies * COPY_STEP)

        return SAMPLERS[self._sampler].order(rows, self._classes[rows], passes_of(self._augment), numbers)

    def _batches(self, views: Views, parts: list[slice], epoch: int) -> Iterator[Batch]:
        """Labels and places go to the device once: a step sends nothing there but images."""
        labels = self._labels[torch.from_numpy(views.rows).to(self._device)]
        places = None if views.places is None else torch.from_numpy(views.places).to(self._device)
        starts = np.array([part.start for part in parts], dtype=np.int64)
        seeds = (mix(self._seed, epoch, NETWORK, starts) >> np.uint64(1)).tolist()
        for part, raw, seed in zip(parts, self.feed.stream(views, parts), seeds, strict=True):
            images = self._middle(raw) if places is None else self._placed(raw, places[part])
            yield Batch(views.rows[part], self._normalised(images), labels[part], seed)

    def _middle(self, raw: Tensor) -> Tensor:
        start, stop = (self._packed_px - self._size_px) // 2, (self._packed_px + self._size_px) // 2
        return raw[:, start:stop, start:stop]

    def _placed(self, raw: Tensor, places: Tensor) -> Tensor:
        levels = raw.permute(0, 3, 1, 2).to(torch.float32)
        return placed(levels, places, self._size_px, self._background).permute(0, 2, 3, 1)

    def _normalised(self, images: Tensor) -> Tensor:
        """N×H×W×3 levels, which are N×3×H×W in channels_last order already.

        Whole lines of pixels at once: three times faster than over a last dimension of 3, to the same bits."""
        lines = images.to(torch.float32, memory_format=torch.contiguous_format).flatten(2)
        lines.sub_(self._mean).div_(self._std)
        normal = lines.view(*lines.shape[:2], self._size_px, 3).permute(0, 3, 1, 2)
        return normal.contiguous(memory_format=self._layout)


def make_feed(images: NDArray[np.uint8], device: torch.device, gpu_cache_bytes: int) -> Feed:
    """The fastest way to the device that its memory allows."""
    if device.type != "cuda":
        return Mapped(images)
    if images.nbytes <= gpu_cache_bytes:
        return Resident(images, device)
    return Pinned(images, CudaCopier(device))
