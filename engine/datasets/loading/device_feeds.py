"""Feeds of packed images to the device: resident on it, from the memory map, or through pinned buffers."""

import contextlib
import mmap
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import zip_longest
from typing import Any, Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from engine.datasets.loading.augment import Masks, Views, gather_mirrored, mirror_masks, mirrored

AHEAD = 2
"""Batches prefetched while one trains, and number of pinned buffers."""


class Feed(Protocol):
    """Source of an epoch's images on the device."""

    def stream(self, views: Views, parts: Sequence[slice]) -> Iterator[Tensor]:
        """Yield the images of each part as uint8 N×H×W×3 on the device, mirrored as the views say."""
        ...


class Resident:
    """Feed with the whole map on the device; only the rows and mirrors of the views go there, once an epoch."""

    def __init__(self, packed: NDArray[np.uint8], device: torch.device) -> None:
        self._images = torch.from_numpy(np.array(packed)).to(device)

    def stream(self, views: Views, parts: Sequence[slice]) -> Iterator[Tensor]:
        device = self._images.device
        rows, masks = torch.from_numpy(views.rows).to(device), mirror_masks(views.mirrors, device)
        for part in parts:
            yield mirrored(self._images.index_select(0, rows[part]), masks, part)


class Mapped:
    """Feed for the CPU: copies each batch from the map, while the kernel reads the pages of the next one."""

    def __init__(self, packed: NDArray[np.uint8]) -> None:
        self._packed = packed

    def stream(self, views: Views, parts: Sequence[slice]) -> Iterator[Tensor]:
        for part, following in zip_longest(parts, parts[1:]):
            images = np.empty((part.stop - part.start, *self._packed.shape[1:]), dtype=np.uint8)
            if following is not None:
                prefetch(self._packed, views.rows[following])
            gather_mirrored(self._packed, views.rows[part], views.mirrors[part], images)
            yield torch.from_numpy(images)


class Copier(Protocol):
    """Asynchronous copier from host buffers to the device."""

    def buffer(self, shape: tuple[int, ...]) -> Tensor:
        """Allocate a uint8 buffer that the device can read directly."""
        ...

    def wait_until_read(self, buffer: int) -> None:
        """Block until the last copy from this buffer has ended."""
        ...

    def begin(self, buffer: int, images: Tensor) -> Any:
        """Begin to copy a buffer's images; return the handle for `finish`."""
        ...

    def finish(self, begun: Any) -> Tensor:
        """Return the images on the device, ready for the computation that is queued next."""
        ...


class CudaCopier:
    """Copier with pinned memory and its own CUDA stream, so that a copy overlaps with the step before it."""

    def __init__(self, device: torch.device) -> None:
        self._device = device
        self._side = torch.cuda.Stream(device)  # type: ignore[no-untyped-call]
        self._read = [_event() for _ in range(AHEAD)]

    def buffer(self, shape: tuple[int, ...]) -> Tensor:
        return torch.empty(shape, dtype=torch.uint8, pin_memory=True)

    def wait_until_read(self, buffer: int) -> None:
        self._read[buffer].synchronize()

    def begin(self, buffer: int, images: Tensor) -> tuple[Tensor, torch.cuda.Event]:
        with torch.cuda.stream(self._side):
            copied = images.to(self._device, non_blocking=True)
            self._read[buffer].record(self._side)
            done = _event()
            done.record(self._side)
        return copied, done

    def finish(self, begun: tuple[Tensor, torch.cuda.Event]) -> Tensor:
        copied, done = begun
        computing = torch.cuda.current_stream(self._device)
        computing.wait_event(done)
        copied.record_stream(computing)
        return copied


def _event() -> torch.cuda.Event:
    return torch.cuda.Event()  # type: ignore[no-untyped-call]


class Pinned:
    """Feed with a thread that gathers the next batches into two pinned buffers while the current one trains.

    The device mirrors the images: on the CPU, pixel by pixel, it would delay the thread that starts the kernels."""

    def __init__(self, packed: NDArray[np.uint8], copier: Copier) -> None:
        self._packed, self._copier = packed, copier
        self._buffers: list[Tensor] = []

    def stream(self, views: Views, parts: Sequence[slice]) -> Iterator[Tensor]:
        if not parts:
            return
        largest = max(part.stop - part.start for part in parts)
        if not self._buffers or len(self._buffers[0]) < largest:
            shape = (largest, *self._packed.shape[1:])
            self._buffers = [self._copier.buffer(shape) for _ in range(AHEAD)]

        def make_ready(number: int) -> Any:
            part, buffer = parts[number], number % AHEAD
            self._copier.wait_until_read(buffer)
            images = self._buffers[buffer][: part.stop - part.start]
            np.take(self._packed, views.rows[part], axis=0, out=images.numpy(), mode="clip")
            return self._copier.begin(buffer, images)

        masks: Masks | None = None
        for part, begun in zip(parts, _prefetched(make_ready, len(parts)), strict=True):
            images = self._copier.finish(begun)
            masks = mirror_masks(views.mirrors, images.device) if masks is None else masks
            yield mirrored(images, masks, part)


def _prefetched(make_ready: Callable[[int], Any], count: int) -> Iterator[Any]:
    """Yield the results of `make_ready` for 0 to `count` - 1 in order; a thread makes up to AHEAD of them early."""
    with ThreadPoolExecutor(1) as thread:
        waiting: list[Future[Any]] = []
        try:
            for number in range(count + AHEAD):
                if number < count:
                    waiting.append(thread.submit(make_ready, number))
                if number >= AHEAD:
                    yield waiting.pop(0).result()
        finally:
            for each in waiting:
                each.cancel()


def prefetch(packed: NDArray[np.uint8], rows: NDArray[np.int64]) -> None:
    """Ask the kernel to read these images of a map from disk in the background, while the current ones train."""
    pages = _pages_of(packed)
    if pages is None:
        return
    size = packed[0].nbytes
    for row in rows.tolist():
        start = row * size // mmap.PAGESIZE * mmap.PAGESIZE
        with contextlib.suppress(OSError):
            pages.madvise(mmap.MADV_WILLNEED, start, (row + 1) * size - start)


def _pages_of(packed: NDArray[np.uint8]) -> mmap.mmap | None:
    """Return the memory map behind an array; None where the array has none."""
    under: Any = packed
    while isinstance(under, np.ndarray):
        under = under.base
    if isinstance(under, memoryview):
        under = under.obj
    return under if isinstance(under, mmap.mmap) else None
