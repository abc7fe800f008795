"""Conversion of any image that Pillow opens to 8-bit RGB. Does not import torch."""

import warnings

import numpy as np
from PIL import Image, ImageChops

from engine.datasets.pixels.reasons import UnusableImage

MAX_PIXELS = 150_000_000
"""Files that claim more pixels are rejected before decoding; they would take over half a gigabyte in each thread."""
DEEP_WHITE = 65535
FLOAT_MARGIN = 1e-3
"""Distance by which rounded floats may be outside 0 to 1."""
MAX_SIDE_PX = 65_535
"""Limit of JPEG, used for all formats; a damaged header may claim a side of millions."""

# Pillow prints a warning of its own at half its limit; `check_size` reports the problem instead.
Image.MAX_IMAGE_PIXELS = None
# Nor are its warnings of odd metadata for the user, who sees the image as it is.
warnings.filterwarnings("ignore", module=r"PIL\.")


def check_size(image: Image.Image) -> None:
    """Raise UnusableImage for an image with too many pixels or too long a side."""
    width, height = image.size
    if width * height > MAX_PIXELS:
        raise UnusableImage(f"{width:,} × {height:,} pixels are more than {MAX_PIXELS // 1_000_000} million")
    if max(width, height) > MAX_SIDE_PX:
        raise UnusableImage(f"{width:,} × {height:,} pixels: no side may be longer than {MAX_SIDE_PX:,}")


def to_rgb(image: Image.Image) -> Image.Image:
    """Convert an image of any mode to 8-bit RGB: scale deep levels, put black behind transparency, convert CMYK."""
    if image.mode.startswith(("I", "F")):
        return _from_deep(image).convert("RGB")
    if image.mode == "CMYK" and image.format == "JPEG" and "adobe" not in image.info:
        # Pillow takes every CMYK JPEG for one of Adobe's, whose levels are inverted.
        image = ImageChops.invert(image)
    if image.mode == "RGB" and "transparency" not in image.info:
        return image
    if image.mode in ("RGBA", "RGBa", "LA", "La", "PA") or "transparency" in image.info:
        clear = image.convert("RGBA")
        ground = Image.new("RGBA", clear.size, (0, 0, 0, 255))
        return Image.alpha_composite(ground, clear).convert("RGB")
    return image.convert("RGB")


def _from_deep(image: Image.Image) -> Image.Image:
    """Convert grey of 16 bits (0 to 65535) or floats (0 to 1) to 8 bits, with one scale for all images.

    Raises UnusableImage for levels outside these ranges, and for integers of 32 bits, for which no level is known to be
    white: a scale from each image's own levels would make brightness depend on its content."""
    levels = np.asarray(image, dtype=np.float32)
    lowest, highest = float(levels.min(initial=0)), float(levels.max(initial=0))
    if not np.isfinite(levels).all():
        raise UnusableImage("it has levels that are no number")
    if is_16_bit(image):
        scale = 255 / DEEP_WHITE
    elif image.mode != "F":
        raise UnusableImage("nothing says which of its 32-bit levels is white: save it with 8 or 16 bits")
    elif lowest < -FLOAT_MARGIN or highest > 1 + FLOAT_MARGIN:
        raise UnusableImage(f"its levels go from {lowest:g} to {highest:g}: save floats from 0 to 1")
    else:
        scale = 255.0
    return Image.fromarray(np.clip(np.rint(levels * scale), 0, 255).astype(np.uint8))


def is_16_bit(image: Image.Image) -> bool:
    return image.mode.startswith("I;16") or (image.mode == "I" and image.format == "PNG")


def highest_level(image: Image.Image) -> int | None:
    """Return the highest level of an image of 16 bits; None for any other."""
    return int(np.asarray(image).max(initial=0)) if is_16_bit(image) else None
