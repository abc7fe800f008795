"""What an augmentation does to each image of an epoch, and doing it on the device.

The numbers come from `engine.recipes.augmentations`."""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from engine.recipes.augmentations import ViewPlan, augmentations_of, has_margin


@dataclass(frozen=True)
class Views:
    """How each image of an epoch is seen, in the epoch's order."""

    rows: NDArray[np.int64]
    mirrors: NDArray[np.uint8]
    """Bit 0: left and right changed; bit 1: top and bottom."""
    places: NDArray[np.float32] | None
    """Where rotation or crop looks: affine maps (images × 2 × 3) from the shown image's coordinates, -1 to 1, to
    the packed one's."""


def plain_views(rows: NDArray[np.int64]) -> Views:
    return Views(rows, np.zeros(len(rows), dtype=np.uint8), None)


def make_views(
    rows: NDArray[np.int64],
    copies: NDArray[np.int64],
    *,
    augment: str,
    seed: int,
    epoch: int,
    shown_share: float,
) -> Views:
    """How an epoch shows `rows`; `copies` numbers the repeats of an image. `shown_share`: the shown side's share
    of the packed one's."""
    count = len(rows)
    plan = ViewPlan(
        rows,
        copies,
        seed,
        epoch,
        mirrors=np.zeros(count, dtype=np.uint8),
        turn=np.zeros(count),
        side=np.full(count, shown_share),
        shift=np.zeros((count, 2)),
    )
    for info in augmentations_of(augment):
        info.change(plan)
    places = _affine(plan.turn, plan.side, plan.shift) if has_margin(augment) else None
    return Views(rows, plan.mirrors, places)


def _affine(
    turn: NDArray[np.float64], side: NDArray[np.float64], shift: NDArray[np.float64]
) -> NDArray[np.float32]:
    """Rotation by `turn` (radians), scale to `side`, then shift, as matrices (images × 2 × 3)."""
    cos, sin = side * np.cos(turn), side * np.sin(turn)
    rows = [np.stack([cos, -sin, shift[:, 0]], axis=1), np.stack([sin, cos, shift[:, 1]], axis=1)]
    return np.stack(rows, axis=1).astype(np.float32)


def gather_mirrored(
    packed: NDArray[np.uint8], rows: NDArray[np.int64], mirrors: NDArray[np.uint8], out: NDArray[np.uint8]
) -> None:
    """Copy images N×H×W×3 out of the map into `out`, mirrored on the way: a pixel is moved as one value."""
    if not mirrors.any():
        np.take(packed, rows, axis=0, out=out, mode="clip")
        return
    pixels, made = (array.view("V3")[..., 0] for array in (packed, out))
    for place, (row, mirror) in enumerate(zip(rows.tolist(), mirrors.tolist(), strict=True)):
        made[place] = pixels[row, :: -1 if mirror & 2 else 1, :: -1 if mirror & 1 else 1]


Masks = list[tuple[int, Tensor]]
"""Along which dimension of N×H×W×3, and which of the images (N×1×1×1)."""


def mirror_masks(mirrors: NDArray[np.uint8], device: torch.device) -> Masks:
    """An epoch's mirrors on the device: once, for a step is to start few kernels. Empty where nothing is mirrored."""
    if not mirrors.any():
        return []
    there = torch.from_numpy(mirrors).to(device)
    return [(dimension, (there & bit).bool().view(-1, 1, 1, 1)) for bit, dimension in ((1, 2), (2, 1))]


def mirrored(images: Tensor, masks: Masks, part: slice) -> Tensor:
    """What `gather_mirrored` does, on the device: uint8 N×H×W×3, the `part` of the epoch."""
    for dimension, mask in masks:
        images = torch.where(mask[part], images.flip(dimension), images)
    return images


def placed(images: Tensor, places: Tensor, size_px: int, background: int) -> Tensor:
    """Rotate and crop N×3×H×W levels to N×3×size×size, bilinear; what lies outside has the background's level."""
    grid = functional.affine_grid(places, [len(images), 3, size_px, size_px], align_corners=False)
    above = images - background if background else images
    seen = functional.grid_sample(above, grid, mode="bilinear", padding_mode="zeros", align_corners=False)
    return seen + background if background else seen
