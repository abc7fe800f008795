"""How packed images come to the device: already there, from the map, or through pinned buffers."""

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
"""Batches that are made ready while one trains: as many as there are pinned buffers."""


class Feed(Protocol):
    def stream(self, views: Views, parts: Sequence[slice]) -> Iterator[Tensor]:
        """The views of each part as uint8 N×H×W×3 on the device, mirrored where they ask for it."""
        ...


class Resident:
    """The whole map on the device: nothing but views' rows has to come there, once an epoch."""

    def __init__(self, packed: NDArray[np.uint8], device: torch.device) -> None:
        self._images = torch.from_numpy(np.array(packed)).to(device)

    def stream(self, views: Views, parts: Sequence[slice]) -> Iterator[Tensor]:
        device = self._images.device
        rows, masks = torch.from_numpy(views.rows).to(device), mirror_masks(views.mirrors, device)
        for part in parts:
            yield mirrored(self._images.index_select(0, rows[part]), masks, part)


class Mapped:
    """For the CPU: each batch is copied out of the map when it is wanted, the next one's pages asked for."""

    def __init__(self, packed: NDArray[np.uint8]) -> None:
        self._packed = packed

    def stream(self, views: Views, parts: Sequence[slice]) -> Iterator[Tensor]:
        for part, following in zip_longest(parts, parts[1:]):
            images = np.empty((part.stop - part.start, *self._packed.shape[1:]), dtype=np.uint8)
            if following is not None:
                ask_for(self._packed, views.rows[following])
            gather_mirrored(self._packed, views.rows[part], views.mirrors[part], images)
            yield torch.from_numpy(images)


class Copier(Protocol):
    """Copies host buffers to the device beside the computation."""

    def buffer(self, shape: tuple[int, ...]) -> Tensor:
        """A uint8 buffer that the device can read by itself."""
        ...

    def wait_until_read(self, buffer: int) -> None:
        """Block until the copy that was last begun from a buffer has ended."""
        ...

    def begin(self, buffer: int, images: Tensor) -> Any:
        """Begin copying a buffer's images; what comes back is for `finish`."""
        ...

    def finish(self, begun: Any) -> Tensor:
        """The images on the device, for whoever computes there next."""
        ...


class CudaCopier:
    """Pinned memory and a stream of its own: a copy runs while the step before it computes."""

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
    """A thread gathers the next batches into two pinned buffers while the current one trains; the device mirrors
    them, for pixel by pixel it would hold up the thread that starts the device's work."""

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
        for part, begun in zip(parts, _ahead(make_ready, len(parts)), strict=True):
            images = self._copier.finish(begun)
            masks = mirror_masks(views.mirrors, images.device) if masks is None else masks
            yield mirrored(images, masks, part)


def _ahead(make_ready: Callable[[int], Any], count: int) -> Iterator[Any]:
    """The results for 0 to `count`, each made by a thread up to AHEAD before it is wanted, in order."""
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


def ask_for(packed: NDArray[np.uint8], rows: NDArray[np.int64]) -> None:
    """Tell the kernel which images of a map are wanted next: it reads them while the current ones train."""
    pages = _pages_of(packed)
    if pages is None:
        return
    size = packed[0].nbytes
    for row in rows.tolist():
        start = row * size // mmap.PAGESIZE * mmap.PAGESIZE
        with contextlib.suppress(OSError):
            pages.madvise(mmap.MADV_WILLNEED, start, (row + 1) * size - start)


def _pages_of(packed: NDArray[np.uint8]) -> mmap.mmap | None:
    """The map behind an array; None where it lies in memory."""
    under: Any = packed
    while isinstance(under, np.ndarray):
        under = under.base
    if isinstance(under, memoryview):
        under = under.obj
    return under if isinstance(under, mmap.mmap) else None
