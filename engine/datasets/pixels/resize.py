"""Resizing of pixels to a square: antialiased bicubic, by torch's vectorised kernel for uint8, or nearest neighbour."""

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional


def square(pixels: NDArray[np.uint8], size_px: int, fit: str, mode: str = "bicubic") -> NDArray[np.uint8]:
    """Resize H×W×3 to size×size×3: `crop` the middle, `pad` with black, or `stretch`, which changes the aspect.

    `mode` is `bicubic` or `nearest`."""
    if fit == "pad":
        return _padded(pixels, size_px, mode)
    return resize(_middle(pixels) if fit == "crop" else pixels, size_px, size_px, mode)


def resize(pixels: NDArray[np.uint8], height: int, width: int, mode: str = "bicubic") -> NDArray[np.uint8]:
    """Resize H×W×3 to height×width×3: `bicubic` equals Pillow's BICUBIC to within two levels in a third of the time,
    `nearest` equals its NEAREST, but for the rounding of pixels midway between two."""
    if pixels.shape[:2] == (height, width):
        return pixels
    planes = torch.from_numpy(pixels).permute(2, 0, 1)[None]
    if mode == "nearest":
        made = functional.interpolate(planes, size=(height, width), mode="nearest-exact")
    else:
        made = functional.interpolate(planes, size=(height, width), mode="bicubic", antialias=True)
    result: NDArray[np.uint8] = made[0].permute(1, 2, 0).numpy()
    return result


def _middle(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    height, width = pixels.shape[:2]
    side = min(height, width)
    top, left = (height - side) // 2, (width - side) // 2
    return pixels[top : top + side, left : left + side]


def _padded(pixels: NDArray[np.uint8], size_px: int, mode: str) -> NDArray[np.uint8]:
    height, width = pixels.shape[:2]
    longer = max(height, width)
    inner = [max(1, round(side * size_px / longer)) for side in (height, width)]
    canvas = np.zeros((size_px, size_px, 3), dtype=np.uint8)
    top, left = ((size_px - side) // 2 for side in inner)
    canvas[top : top + inner[0], left : left + inner[1]] = resize(pixels, inner[0], inner[1], mode)
    return canvas
