"""Viewer of a run's images: whole, upright, in colour. Does not import torch."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from engine.datasets.formats.problems import DataError
from engine.datasets.pixels.read_image import read_image
from engine.datasets.pixels.reasons import UnreadableImage
from engine.datasets.source import images_root
from engine.files.paths import Home
from engine.spec.constants import BUILTIN_DEFAULTS
from engine.spec.run_spec import RunSpec


class Viewer:
    """Opens the images of one spec's data. Use it in one thread at a time."""

    def __init__(self, home: Home, spec: RunSpec, most_px: int) -> None:
        """Take the longest side of the images shown, `most_px`."""
        self._home, self._spec, self._most_px = home, spec, most_px
        self._root: Path | None = None
        self._draw: Callable[[int], NDArray[np.uint8]] | None = None

    def show(self, name: str) -> Image.Image:
        """Open an image by its name in the index, as RGB.

        Raises DataError for a missing or unreadable image, and where the data are no longer recognised."""
        if self._spec.data in BUILTIN_DEFAULTS:
            return self._synthetic(int(name.rpartition("#")[2]))
        if self._root is None:
            self._root = images_root(self._home, self._spec)
        try:
            seen = read_image(self._root, name, lambda _size: (self._most_px, self._most_px)).rgb
        except FileNotFoundError:
            raise DataError(f"image {self._root / name} is missing") from None
        except UnreadableImage as error:
            raise DataError(f"image {self._root / name} cannot be read ({error})") from None
        seen.thumbnail((self._most_px, self._most_px))
        return seen

    def where(self, name: str) -> str:
        """Return the full path of an image's file; its name alone before the first image was shown."""
        return str(self._root / name) if self._root is not None else name

    def _synthetic(self, row: int) -> Image.Image:
        from engine.datasets.builtin import builtin_reader

        if self._draw is None:
            self._draw = builtin_reader(self._spec.data, self._most_px)
        return Image.fromarray(self._draw(row))
