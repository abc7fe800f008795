"""One image file as the square of RGB pixels that the network sees."""

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
"""libjpeg may scale to this share of the wanted side: 512 px halved serve a map of 258 px (1.15 × 224)."""
EYE_MARGIN = 2
"""An eye is cropped out of an image: decoded this much larger than it will be shown."""


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
            pixels = _pixels(image, look)
    except FileNotFoundError:
        raise BadImage(f"image {root / name} is missing") from None
    except NOT_READABLE as error:
        raise BadImage(f"image {root / name} cannot be read ({reason_of(error)})") from None
    return shown(pixels, look)


def is_readable(root: Path, name: str) -> bool:
    """A quick look at the header alone: a file that ends early passes."""
    try:
        with open_image(root, name) as image:
            check_size(image)
    except NOT_READABLE:
        return False
    return True


def _pixels(image: Image.Image, look: Look) -> NDArray[np.uint8]:
    """H×W×3, about as large as the look needs. Raises what NOT_READABLE names where there is no picture."""
    check_size(image)
    _let_libjpeg_scale(image, look)
    image.load()
    ImageOps.exif_transpose(image, in_place=True)
    return np.array(to_rgb(image))


def shown(pixels: NDArray[np.uint8], look: Look) -> NDArray[np.uint8]:
    """RGB pixels (H×W×3) preprocessed and made square."""
    if look.preprocess == "none":
        return square(pixels, look.size_px, look.fit)
    return graham(square(crop_to_eye(pixels), look.size_px, look.fit))


def _let_libjpeg_scale(image: Image.Image, look: Look) -> None:
    """Have a JPEG scaled by 1/2, 1/4 or 1/8 while it is decoded: several times faster, never below the target."""
    wanted = look.size_px * ENOUGH if look.preprocess == "none" else look.size_px * EYE_MARGIN
    longer = look.fit == "pad"
    share = wanted / (max(image.size) if longer else min(image.size))
    width, height = (max(1, int(side * share)) for side in image.size)
    image.draft(None, (width, height))
