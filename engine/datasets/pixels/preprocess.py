"""Graham's preprocessing of fundus photographs: crop the eye, subtract the local mean.

Source: B. Graham, "Kaggle diabetic retinopathy detection competition report", University of Warwick, August 2015.
Each image is scaled to one radius, and its local average, a Gaussian blur with a standard deviation of a thirtieth of
that radius, is mapped to 50 % grey. Graham also sets pixels beyond 0.9 of the radius to grey; this code does not."""

import functools

import numpy as np
from numpy.typing import NDArray

GREY = 128
SIGMA_OF_RADIUS = 1 / 30
GAIN = 4
DARK = 0.1
"""Rows and columns with a mean brightness below this share of the image's are outside the eye; Graham's threshold."""
LOOKED_AT = 200
"""Rows and columns that are examined; a larger image is subsampled."""
SMALLEST_EYE = 0.2
"""Box with a side below this share of the image's side is a bright spot and not an eye."""


def crop_to_eye(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Crop an H×W×3 image to the box that is not dark; return the whole image where there is no such box."""
    step = max(1, min(pixels.shape[:2]) // LOOKED_AT)
    light = pixels[::step, ::step].mean(axis=2, dtype=np.float32)
    spans = [_bright_span(light.mean(axis=axis)) for axis in (1, 0)]
    if any(high - low < SMALLEST_EYE * side for (low, high), side in zip(spans, light.shape, strict=True)):
        return pixels
    (top, bottom), (left, right) = spans
    return pixels[top * step : bottom * step, left * step : right * step]


def _bright_span(profile: NDArray[np.float32]) -> tuple[int, int]:
    bright = np.flatnonzero(profile > DARK * profile.mean())
    return (int(bright[0]), int(bright[-1]) + 1) if len(bright) else (0, 0)


def graham(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return 4·image − 4·blurred + 128 for a square that an eye fills, uint8 size×size×3; flat areas become grey."""
    blur = _blurring(pixels.shape[0])
    levels = pixels.astype(np.float32)
    planes = levels.transpose(2, 0, 1)
    local_mean = (blur @ planes @ blur.T).transpose(1, 2, 0)
    raised = GAIN * (levels - local_mean) + GREY
    return np.clip(np.rint(raised), 0, 255).astype(np.uint8)


@functools.cache
def _blurring(size_px: int) -> NDArray[np.float32]:
    """Return the matrix of a Gaussian blur of one line of pixels, cut at 4 σ; edge pixels are repeated outwards."""
    sigma_px = size_px / 2 * SIGMA_OF_RADIUS
    reach = int(4 * sigma_px + 0.5)
    offsets = np.arange(-reach, reach + 1)
    weights = np.exp(-0.5 * (offsets / sigma_px) ** 2)
    matrix = np.zeros((size_px, size_px))
    for row in range(size_px):
        np.add.at(matrix[row], np.clip(row + offsets, 0, size_px - 1), weights / weights.sum())
    return matrix.astype(np.float32)
