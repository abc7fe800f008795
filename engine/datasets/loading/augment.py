"""Augmentation: the random view of each image in an epoch, and its rendering on the device.

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
    """Augmented view of each image of an epoch, in the epoch's order."""

    rows: NDArray[np.int64]
    """Rows of the index."""
    mirrors: NDArray[np.uint8]
    """Bit 0: left and right exchanged; bit 1: top and bottom exchanged."""
    places: NDArray[np.float32] | None
    """Affine maps (images × 2 × 3) from the output's coordinates, -1 to 1, to those of the packed image; None without
    rotation or crop."""


def plain_views(rows: NDArray[np.int64]) -> Views:
    """Return views without augmentation."""
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
    """Return how an epoch shows `rows`; `copies` numbers the repeats of an image. `shown_share`: the shown side's share
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
    """Return matrices (images × 2 × 3) of a rotation by `turn` (radians), a scaling to `side` and a shift."""
    cos, sin = side * np.cos(turn), side * np.sin(turn)
    rows = [np.stack([cos, -sin, shift[:, 0]], axis=1), np.stack([sin, cos, shift[:, 1]], axis=1)]
    return np.stack(rows, axis=1).astype(np.float32)


def gather_mirrored(
    packed: NDArray[np.uint8], rows: NDArray[np.int64], mirrors: NDArray[np.uint8], out: NDArray[np.uint8]
) -> None:
    """Copy images N×H×W×3 from the map into `out`, mirrored; the three bytes of a pixel move as one value."""
    if not mirrors.any():
        np.take(packed, rows, axis=0, out=out, mode="clip")
        return
    pixels, made = (array.view("V3")[..., 0] for array in (packed, out))
    for place, (row, mirror) in enumerate(zip(rows.tolist(), mirrors.tolist(), strict=True)):
        made[place] = pixels[row, :: -1 if mirror & 2 else 1, :: -1 if mirror & 1 else 1]


Masks = list[tuple[int, Tensor]]
"""Pairs of a dimension of N×H×W×3 and the mask (N×1×1×1) of the images to flip along it."""


def mirror_masks(mirrors: NDArray[np.uint8], device: torch.device) -> Masks:
    """Move an epoch's mirrors to the device, once, so that a step starts few kernels; empty where there are none."""
    if not mirrors.any():
        return []
    there = torch.from_numpy(mirrors).to(device)
    return [(dimension, (there & bit).bool().view(-1, 1, 1, 1)) for bit, dimension in ((1, 2), (2, 1))]


def mirrored(images: Tensor, masks: Masks, part: slice) -> Tensor:
    """Mirror images uint8 N×H×W×3 on the device; `part` is their slice of the epoch."""
    for dimension, mask in masks:
        images = torch.where(mask[part], images.flip(dimension), images)
    return images


def placed(images: Tensor, places: Tensor, size_px: int, background: int) -> Tensor:
    """Rotate and crop levels N×3×H×W to N×3×size×size, bilinear; pixels outside the image get `background`."""
    grid = functional.affine_grid(places, [len(images), 3, size_px, size_px], align_corners=False)
    above = images - background if background else images
    seen = functional.grid_sample(above, grid, mode="bilinear", padding_mode="zeros", align_corners=False)
    return seen + background if background else seen
