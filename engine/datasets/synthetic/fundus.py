"""Synthetic fundus photographs: a random eye, the lesions of its grade, and the camera."""

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter

from engine.datasets.synthetic.eye import Eye, draw_disc, draw_ground, draw_vessels, random_eye
from engine.datasets.synthetic.lesions import draw_lesions

SMALLEST_CANVAS_PX = 144


def draw_fundus(seed: int, index: int, grade: int, size_px: int) -> NDArray[np.uint8]:
    """Draw photograph `index` of the set `seed` with the lesions of `grade` (0..4): size × size × 3 RGB.

    The eye and its lesions depend only on seed, index and grade, so that any size shows the same eye."""
    rng = np.random.Generator(np.random.PCG64(np.random.SeedSequence([seed, index])))
    eye = random_eye(rng)
    shrink = max(2, -(-SMALLEST_CANVAS_PX // size_px))
    ground = Image.fromarray((draw_ground(eye, size_px, rng) * 255).astype(np.uint8))
    photo = ground.resize((size_px * shrink, size_px * shrink), Image.Resampling.BICUBIC)
    draw_disc(photo, eye)
    draw_vessels(photo, eye, rng)
    draw_lesions(photo, eye, grade, rng)
    return expose(photo.reduce(shrink), eye, rng)


def expose(photo: Image.Image, eye: Eye, rng: np.random.Generator) -> NDArray[np.uint8]:
    """Simulate the camera: soft focus, uneven light, round aperture, sensor noise."""
    size_px = photo.width
    blur_px = eye.lengths_px(eye.blur, size_px)
    sharp = (
        np.asarray(photo.filter(ImageFilter.GaussianBlur(blur_px)) if blur_px > 0.3 else photo, np.float32)
        / 255
    )
    axis = (np.arange(size_px, dtype=np.float32) + 0.5) * 2 / size_px - 1
    x, y = axis[None, :] - eye.centre[0], axis[:, None] - eye.centre[1]
    radius = np.hypot(x, y) / eye.radius
    light = eye.light * (1.0 + eye.slope[0] * x + eye.slope[1] * y) * (1.06 - 0.36 * radius**2.6)
    aperture = np.clip((1.0 - radius) * eye.lengths_px(1.0, size_px) + 0.5, 0.0, 1.0)
    lit = sharp * (light * aperture)[..., None]
    lit += (
        rng.standard_normal(lit.shape, dtype=np.float32) * (eye.noise * (0.25 + 0.75 * aperture))[..., None]
    )
    return (np.clip(lit, 0.0, 1.0) * 255 + 0.5).astype(np.uint8)
