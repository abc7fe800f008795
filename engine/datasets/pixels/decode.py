"""Decoder of one image file into the square of RGB pixels that is the network's input."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from engine.datasets.layouts import DataError
from engine.datasets.pixels.open_image import open_image
from engine.datasets.pixels.preprocess import crop_to_eye, graham
from engine.datasets.pixels.resize import square
from engine.datasets.pixels.rgb import NOT_READABLE, check_size, reason_of, to_rgb

ENOUGH = 0.99
"""Least share of the wanted side to which libjpeg may scale: 512 px halved are enough for 258 px (1.15 × 224)."""
EYE_MARGIN = 2
"""Factor by which an image is decoded larger where an eye is cropped out of it."""


class BadImage(DataError):
    """Error for a file that cannot be decoded, in one line with its name and the reason."""


@dataclass(frozen=True)
class Look:
    """Preprocessing of an image before augmentation."""

    size_px: int
    fit: str
    """`crop`, `pad` or `stretch`."""
    preprocess: str
    """`none` or `graham`."""


def decode(root: Path, name: str, look: Look) -> NDArray[np.uint8]:
    """Read an image into uint8 size×size×3. Raises BadImage."""
    try:
        with open_image(root, name) as image:
            pixels = _pixels(image, look)
    except FileNotFoundError:
        raise BadImage(f"image {root / name} is missing") from None
    except NOT_READABLE as error:
        raise BadImage(f"image {root / name} cannot be read ({reason_of(error)})") from None
    return shown(pixels, look)


def is_readable(root: Path, name: str) -> bool:
    """Check an image's header only, which is quick; a truncated file passes."""
    try:
        with open_image(root, name) as image:
            check_size(image)
    except NOT_READABLE:
        return False
    return True


def _pixels(image: Image.Image, look: Look) -> NDArray[np.uint8]:
    """Decode an image to H×W×3, about as large as the look needs. Raises one of NOT_READABLE where it cannot."""
    check_size(image)
    _let_libjpeg_scale(image, look)
    image.load()
    ImageOps.exif_transpose(image, in_place=True)
    return np.array(to_rgb(image))


def shown(pixels: NDArray[np.uint8], look: Look) -> NDArray[np.uint8]:
    """Preprocess RGB pixels (H×W×3) and make them square."""
    if look.preprocess == "none":
        return square(pixels, look.size_px, look.fit)
    return graham(square(crop_to_eye(pixels), look.size_px, look.fit))


def _let_libjpeg_scale(image: Image.Image, look: Look) -> None:
    """Let libjpeg scale a JPEG by 1/2, 1/4 or 1/8 while decoding; several times faster, never below the target."""
    wanted = look.size_px * ENOUGH if look.preprocess == "none" else look.size_px * EYE_MARGIN
    longer = look.fit == "pad"
    share = wanted / (max(image.size) if longer else min(image.size))
    width, height = (max(1, int(side * share)) for side in image.size)
    image.draft(None, (width, height))
