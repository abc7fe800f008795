"""Handling of a step that does not fit into the card's memory: find the micro-batch that fits and suggest it."""

import gc
import traceback

import numpy as np
import torch

from engine.datasets.batches import Batch
from engine.spec.conflicts import smallest_batch
from engine.spec.run_spec import RunSpec
from engine.training.step import Network, accumulate

REFUSED = (
    "CUDA error: out of memory", "CUDA out of memory", "CUBLAS_STATUS_ALLOC_FAILED",
    "CUDNN_STATUS_ALLOC_FAILED", "CUDNN_STATUS_INTERNAL_ERROR_HOST_ALLOCATION_FAILED",
)  # fmt: skip
"""Texts of errors for refused memory."""


class OutOfMemory(Exception):
    """Error for a step of `images` that does not fit; `fits` is the number that does, None where none was found, or
    none was looked for. `is_divisible` is False where the step cannot be taken in micro-batches."""

    def __init__(
        self, images: int, fits: int | None, *, was_sought: bool = True, is_divisible: bool = True
    ) -> None:
        found = "not even the smallest would fit" if fits is None else f"{fits} would fit (measured)"
        what = f"the card's memory is too small for {images} images at once"
        super().__init__(f"{what}: {found}" if was_sought else what)
        self.images, self.fits, self._was_sought = images, fits, was_sought
        self._is_divisible = is_divisible

    @property
    def suggestion(self) -> str:
        if not self._is_divisible:
            return (
                "try a smaller batch_size or image_size, more gpus, or sync_batchnorm off with a micro_batch"
            )
        if not self._was_sought and self.images > 1:
            return f"try micro_batch {self.images // 2}; BatchNorm then sees fewer images at a time"
        if self.fits is None:
            return "try a smaller image_size or arch, or wait until the card is free"
        return f"try micro_batch {self.fits}, or on_oom shrink; BatchNorm then sees fewer images at a time"


class OutOfMemoryBesideOthers(OutOfMemory):
    """Error for a step of `images` that does not fit on a card that other runs share."""

    def __init__(self, images: int) -> None:
        super().__init__(images, None, was_sought=False)


def release(error: BaseException) -> None:
    """Free the card's memory that the failed step's frames still refer to."""
    traceback.clear_frames(error.__traceback__)
    gc.collect()
    if torch.cuda.is_available():
        torch.cuda.empty_cache()


def halved(images: int, fewest: int) -> int | None:
    """Half as many images at once; None where BatchNorm, which takes `fewest`, could not take so few."""
    return images // 2 if images // 2 >= fewest else None


def out_of_memory(net: Network, spec: RunSpec, *, is_beside_others: bool = False) -> OutOfMemory:
    """Return the error for a step that does not fit, with the micro-batch that would; see `fitting_batch`.

    Where several processes share the batch none is looked for, because the others would have to take the same steps;
    nor beside other runs, because it would take the memory that they are about to use."""
    if is_beside_others:
        return OutOfMemoryBesideOthers(net.micro_batch)
    if net.group.size == 1:
        return OutOfMemory(net.micro_batch, fitting_batch(net, spec))
    part = -(-spec.batch_size // net.group.size)
    return OutOfMemory(
        min(net.micro_batch, part), None, was_sought=False, is_divisible=not spec.sync_batchnorm
    )


def fitting_batch(net: Network, spec: RunSpec) -> int | None:
    """Return the largest of a half, a quarter, … of the micro-batch whose step fits, by taking it with black images.

    The network is of no use afterwards: its newest checkpoint holds what it had learnt."""
    image_size, fewest = spec.image_size, smallest_batch(spec)
    images = halved(net.micro_batch, fewest)
    # Three are not divided into twos: see `part_count`.
    while images is not None and not _fits(net, max(images, 3) if images > 1 else 1, image_size):
        images = halved(images, fewest)
    return images


def _fits(net: Network, images: int, image_size: int) -> bool:
    device = net.device
    try:
        black = torch.zeros(images, 3, image_size, image_size, device=device)
        labels = torch.zeros(images, dtype=torch.int64, device=device)
        net.optimizer.zero_grad(set_to_none=True)
        accumulate(net, Batch(np.arange(images), black.contiguous(memory_format=net.layout), labels))
        net.optimizer.step()
    except RuntimeError as error:
        if not is_card_full(error):
            raise
        release(error)
        return False
    return True


def is_card_full(error: BaseException) -> bool:
    """Return True for an error of the card's memory.

    On a card that others use too, CUDA or one of its libraries may refuse memory, which torch raises as a plain
    RuntimeError."""
    if isinstance(error, torch.OutOfMemoryError):
        return True
    return isinstance(error, RuntimeError) and any(sign in str(error) for sign in REFUSED)


def is_out_of_memory(error: BaseException) -> bool:
    """Return True for an error of the card's or the host's memory."""
    is_host = isinstance(error, MemoryError) or "DefaultCPUAllocator" in str(error)
    return is_card_full(error) or is_host


def shrink_line(error: OutOfMemory, smaller: int) -> str:
    return (
        f"{error}; on_oom shrink: going on from the newest checkpoint with micro_batch {smaller}. BatchNorm now sees "
        f"{smaller} images at a time, so the result is not that of a card with more memory"
    )
