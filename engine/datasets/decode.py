"""One image file as the square of RGB pixels that the network sees."""

from pathlib import Path

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError
from PIL.Image import DecompressionBombError

from engine.datasets.images import open_image
from engine.datasets.layouts import DataError


def decode(path: Path, size_px: int, fit: str) -> np.ndarray:
    """Read an image into uint8 `size_px`×`size_px`×3. Raises DataError naming a missing or broken file."""
    try:
        with open_image(Path(), str(path)) as image:
            # libjpeg can scale by 1/2, 1/4 or 1/8 while decoding: several times faster, never below the target.
            image.draft("RGB", (size_px, size_px))
            upright = ImageOps.exif_transpose(image)
            return square(to_rgb(upright), size_px, fit)
    except FileNotFoundError:
        raise DataError(f"image {path} is missing: put it back or take its row out") from None
    except (UnidentifiedImageError, DecompressionBombError, OSError, SyntaxError, ValueError) as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise DataError(f"image {path} cannot be read ({reason}): replace it or take its row out") from None


def square(image: Image.Image, size_px: int, fit: str) -> np.ndarray:
    """Resize with the aspect kept: `crop` the middle, `pad` with black, or `stretch`."""
    target = (size_px, size_px)
    if fit == "stretch":
        fitted = image.resize(target, Image.Resampling.BICUBIC)
    elif fit == "pad":
        fitted = ImageOps.pad(image, target, Image.Resampling.BICUBIC)
    else:
        fitted = ImageOps.fit(image, target, Image.Resampling.BICUBIC)
    return np.asarray(fitted, dtype=np.uint8)


def to_rgb(image: Image.Image) -> Image.Image:
    """Any mode as 8-bit RGB: 16-bit levels are scaled, transparency is laid on black."""
    if image.mode.startswith(("I", "F")):
        levels = np.asarray(image, dtype=np.float32)
        scale = 255 / 65535 if levels.max(initial=0) > 255 else 1.0
        return Image.fromarray(np.clip(levels * scale, 0, 255).astype(np.uint8)).convert("RGB")
    if image.mode in ("RGBA", "LA", "PA") or "transparency" in image.info:
        clear = image.convert("RGBA")
        ground = Image.new("RGBA", clear.size, (0, 0, 0, 255))
        return Image.alpha_composite(ground, clear).convert("RGB")
    return image.convert("RGB")
