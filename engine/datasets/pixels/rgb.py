"""Any image that Pillow opens as 8-bit RGB, and what is said of one that is none. No torch in here."""

import struct
import zlib

import numpy as np
from PIL import Image, ImageChops, UnidentifiedImageError

MAX_PIXELS = 150_000_000
"""A file that claims more is refused before it is decoded: it would take over half a gigabyte a thread."""
DEEP_WHITE = 65535
FLOAT_MARGIN = 1e-3
"""By so much may computed floats leave 0 to 1."""
NOT_READABLE = (
    UnidentifiedImageError, OSError, SyntaxError, ValueError, EOFError, struct.error, RuntimeError, MemoryError,
    IndexError, KeyError, TypeError, OverflowError, zlib.error,
)  # fmt: skip
"""What Pillow's decoders raise for files that are damaged or no images; a damaged length asks for any memory."""
MAX_SIDE_PX = 65_535
"""As JPEG has it: a damaged header of another format claims millions, for whose rows no file has bytes."""

# Pillow would print a warning of its own at half its limit; `check_size` says it in our words.
Image.MAX_IMAGE_PIXELS = None


def check_size(image: Image.Image) -> None:
    width, height = image.size
    if width * height > MAX_PIXELS:
        raise ValueError(f"{width:,} × {height:,} pixels are more than {MAX_PIXELS // 1_000_000} million")
    if max(width, height) > MAX_SIDE_PX:
        raise ValueError(f"{width:,} × {height:,} pixels: no side may be longer than {MAX_SIDE_PX:,}")


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
    """Grey of 16 bits (0 to 65535) or of floats (0 to 1) as 8 bits, by one scale for all images.

    Raises ValueError for levels beyond these, and for integers of 32 bits: what is white in an image must not depend
    on what else is in it."""
    levels = np.asarray(image, dtype=np.float32)
    lowest, highest = float(levels.min(initial=0)), float(levels.max(initial=0))
    if not np.isfinite(levels).all():
        raise ValueError("it has levels that are no number")
    if is_16_bit(image):
        scale = 255 / DEEP_WHITE
    elif image.mode != "F":
        raise ValueError("nothing says which of its 32-bit levels is white: save it with 8 or 16 bits")
    elif lowest < -FLOAT_MARGIN or highest > 1 + FLOAT_MARGIN:
        raise ValueError(f"its levels go from {lowest:g} to {highest:g}: save floats from 0 to 1")
    else:
        scale = 255.0
    return Image.fromarray(np.clip(np.rint(levels * scale), 0, 255).astype(np.uint8))


def is_16_bit(image: Image.Image) -> bool:
    return image.mode.startswith("I;16") or (image.mode == "I" and image.format == "PNG")


def highest_level(image: Image.Image) -> int | None:
    """The lightest level of an image of 16 bits; None for any other."""
    return int(np.asarray(image).max(initial=0)) if is_16_bit(image) else None


def reason_of(error: Exception) -> str:
    """A few words without the path."""
    if isinstance(error, UnidentifiedImageError):
        return "no image format that is known"
    if isinstance(error, MemoryError):
        return "it claims more than fits in memory"
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return str(error).splitlines()[0] if str(error) else type(error).__name__
