"""One image file as the square of RGB pixels that the network sees."""

import struct
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageChops, ImageOps, UnidentifiedImageError

from engine.datasets.images import open_image
from engine.datasets.layouts import DataError
from engine.datasets.preprocess import crop_to_eye, graham
from engine.datasets.resize import square

MAX_PIXELS = 150_000_000
"""A file that claims more is refused before it is decoded: it would take over half a gigabyte a thread."""
ENOUGH = 0.99
"""libjpeg may scale to this share of the wanted side: 512 px halved serve a map of 258 px (1.15 × 224)."""
EYE_MARGIN = 2
"""An eye is cropped out of an image: decoded this much larger than it will be shown."""

NOT_READABLE = (UnidentifiedImageError, OSError, SyntaxError, ValueError, EOFError, struct.error)
"""What Pillow's decoders raise for files that are damaged or no images."""

# Pillow would print a warning of its own at half its limit; `_check_size` says it in our words.
Image.MAX_IMAGE_PIXELS = None


class BadImage(DataError):
    """A file that gives no picture: one line that names it and says why."""


@dataclass(frozen=True)
class Look:
    """How an image is shown to the network, augmentation aside."""

    size_px: int
    fit: str
    """`crop`, `pad` or `stretch`."""
    preprocess: str
    """`none` or `graham`."""


def decode(root: Path, name: str, look: Look) -> NDArray[np.uint8]:
    """Read an image into uint8 size×size×3. Raises BadImage."""
    try:
        with open_image(root, name) as image:
            return show(image, look)
    except FileNotFoundError:
        raise BadImage(f"image {root / name} is missing") from None
    except NOT_READABLE as error:
        raise BadImage(f"image {root / name} cannot be read ({_reason(error)})") from None


def is_readable(root: Path, name: str) -> bool:
    """A quick look at the header alone: a file that ends early passes."""
    try:
        with open_image(root, name) as image:
            _check_size(image)
    except NOT_READABLE:
        return False
    return True


def show(image: Image.Image, look: Look) -> NDArray[np.uint8]:
    """An opened image as the network sees it. Raises ValueError, OSError where its pixels make no image."""
    _check_size(image)
    _let_libjpeg_scale(image, look)
    image.load()
    ImageOps.exif_transpose(image, in_place=True)
    return shown(np.array(to_rgb(image)), look)


def shown(pixels: NDArray[np.uint8], look: Look) -> NDArray[np.uint8]:
    """RGB pixels (H×W×3) preprocessed and made square."""
    if look.preprocess == "none":
        return square(pixels, look.size_px, look.fit)
    return graham(square(crop_to_eye(pixels), look.size_px, look.fit))


def _check_size(image: Image.Image) -> None:
    width, height = image.size
    if width * height > MAX_PIXELS:
        raise ValueError(f"{width:,} × {height:,} pixels are more than {MAX_PIXELS // 1_000_000} million")


def _let_libjpeg_scale(image: Image.Image, look: Look) -> None:
    """Have a JPEG scaled by 1/2, 1/4 or 1/8 while it is decoded: several times faster, never below the target."""
    wanted = look.size_px * ENOUGH if look.preprocess == "none" else look.size_px * EYE_MARGIN
    longer = look.fit == "pad"
    share = wanted / (max(image.size) if longer else min(image.size))
    width, height = (max(1, int(side * share)) for side in image.size)
    image.draft(None, (width, height))


def to_rgb(image: Image.Image) -> Image.Image:
    """Any mode as 8-bit RGB: deep levels are scaled, transparency is laid on black, ink becomes light."""
    if image.mode.startswith(("I", "F")):
        return _from_deep(image).convert("RGB")
    if image.mode == "CMYK" and image.format == "JPEG" and "adobe" not in image.info:
        # Pillow takes every CMYK JPEG for Adobe's, which hold light instead of ink.
        image = ImageChops.invert(image)
    if image.mode == "RGB" and "transparency" not in image.info:
        return image
    if image.mode in ("RGBA", "RGBa", "LA", "La", "PA") or "transparency" in image.info:
        clear = image.convert("RGBA")
        ground = Image.new("RGBA", clear.size, (0, 0, 0, 255))
        return Image.alpha_composite(ground, clear).convert("RGB")
    return image.convert("RGB")


def _from_deep(image: Image.Image) -> Image.Image:
    """Grey of 16 or 32 bits or floats as 8 bits. Sixteen-bit levels go up to 65535; what others go up to is
    guessed from their largest: 1 (floats alone), 255 or 65535. Raises ValueError for what is none of these."""
    levels = np.asarray(image, dtype=np.float32)
    highest = float(levels.max(initial=0))
    if not np.isfinite(levels).all():
        raise ValueError("it has levels that are no number")
    if image.mode.startswith("I;16") or (image.mode == "I" and image.format == "PNG"):
        scale = 255 / 65535
    elif image.mode == "F" and highest <= 1:
        scale = 255.0
    elif highest <= 65535:
        scale = 1.0 if highest <= 255 else 255 / 65535
    else:
        raise ValueError(f"its levels go up to {highest:g}, where 1, 255 or 65535 are known")
    return Image.fromarray(np.clip(np.rint(levels * scale), 0, 255).astype(np.uint8))


def _reason(error: Exception) -> str:
    """A few words without the path."""
    if isinstance(error, UnidentifiedImageError):
        return "no image format that is known"
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return str(error).splitlines()[0] if str(error) else type(error).__name__
