"""Decoder of one image file into the square of RGB pixels that is the network's input."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from engine.datasets.layouts import DataError
from engine.datasets.pixels.preprocess import crop_to_eye, graham
from engine.datasets.pixels.read_image import read_image
from engine.datasets.pixels.reasons import UnreadableImage
from engine.datasets.pixels.resize import square

ENOUGH = 0.99
"""Least share of the wanted side to which libjpeg may scale: 512 px halved are enough for 258 px (1.15 × 224)."""
EYE_MARGIN = 2
"""Factor by which an image is decoded larger where an eye is cropped out of it."""


class BadImage(DataError):
    """Error for a file that cannot be decoded, in one line with its name and the reason."""


DEFAULT_RESIZE = "bicubic"
"""That of weights and packed images that do not say theirs: earlier versions knew no other."""


@dataclass(frozen=True)
class Look:
    """Preprocessing of an image before augmentation."""

    size_px: int
    fit: str
    """`crop`, `pad` or `stretch`."""
    preprocess: str
    """`none` or `graham`."""
    resize: str = DEFAULT_RESIZE
    """`bicubic` or `nearest`."""


def decode(root: Path, name: str, look: Look) -> NDArray[np.uint8]:
    """Read an image into uint8 size×size×3. Raises BadImage."""
    try:
        picture = read_image(root, name, lambda size: _enough(size, look))
    except FileNotFoundError:
        raise BadImage(f"image {root / name} is missing") from None
    except UnreadableImage as error:
        raise BadImage(f"image {root / name} cannot be read ({error})") from None
    return shown(np.array(picture.rgb), look)


def shown(pixels: NDArray[np.uint8], look: Look) -> NDArray[np.uint8]:
    """Preprocess RGB pixels (H×W×3) and make them square."""
    if look.preprocess == "none":
        return square(pixels, look.size_px, look.fit, look.resize)
    return graham(square(crop_to_eye(pixels), look.size_px, look.fit, look.resize))


def _enough(size: tuple[int, int], look: Look) -> tuple[int, int]:
    """Return the size that is enough for a look.

    libjpeg scales a JPEG by 1/2, 1/4 or 1/8 while decoding, several times faster, and never below it."""
    wanted = look.size_px * ENOUGH if look.preprocess == "none" else look.size_px * EYE_MARGIN
    share = wanted / (max(size) if look.fit == "pad" else min(size))
    return max(1, int(size[0] * share)), max(1, int(size[1] * share))
