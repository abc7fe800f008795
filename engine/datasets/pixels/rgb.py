"""Any image that Pillow opens as 8-bit RGB, and what is said of one that is none. No torch in here."""

import struct
import zlib

import numpy as np
from PIL import Image, ImageChops, UnidentifiedImageError

MAX_PIXELS = 150_000_000
"""A file that claims more is refused before it is decoded: it would take over half a gigabyte a thread."""
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


def reason_of(error: Exception) -> str:
    """A few words without the path."""
    if isinstance(error, UnidentifiedImageError):
        return "no image format that is known"
    if isinstance(error, MemoryError):
        return "it claims more than fits in memory"
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return str(error).splitlines()[0] if str(error) else type(error).__name__
