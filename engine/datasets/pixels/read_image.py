"""The one way to the pixels of an image: what is checked, trained on and shown is read by `read_image`."""

import io
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from PIL import Image, UnidentifiedImageError

from engine.datasets.formats.names.image_names import MEMBER
from engine.datasets.pixels.bare_copy import EXIF, ORIENTATION, bare_copy, exif_orientation
from engine.datasets.pixels.open_image import FORMATS, open_image
from engine.datasets.pixels.reasons import NOT_READABLE, UnreadableImage, UnusableImage, reason_of
from engine.datasets.pixels.rgb import check_size, highest_level, to_rgb
from engine.files.first_bytes import read_start

MOST_COPIED_BYTES = 1 << 29
"""Largest file that is copied without its metadata."""
TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
"""Transpositions that make an image upright, by its EXIF orientation."""
Size = tuple[int, int]
Found = TypeVar("Found")


@dataclass(frozen=True)
class Picture:
    """Image as a run sees it, and what its file says of it."""

    rgb: Image.Image
    """Upright, 8-bit RGB; perhaps smaller than the file's, but no smaller than asked for."""
    size: Size
    """Width and height in the file."""
    mode: str
    """Pillow's, in the file."""
    highest: int | None
    """Highest level of an image of 16 bits; None for others."""


def read_image(root: Path, name: str, enough: Callable[[Size], Size]) -> Picture:
    """Read an image by its name in the index; `enough` takes its size, and returns the least size that will do.

    Metadata that cannot be read never cost the pixels: they are left aside, but for the orientation where that can be
    read. Raises FileNotFoundError for a missing image, and UnreadableImage."""

    def read(image: Image.Image) -> Picture:
        size, mode = image.size, image.mode
        check_size(image)
        image.draft(None, enough(size))
        image.load()
        highest = highest_level(image)
        turn = TURNS.get(_orientation_of(image))
        rgb = to_rgb(image)
        return Picture(rgb if turn is None else rgb.transpose(turn), size, mode, highest)

    return _with_or_without_metadata(root, name, read)


def is_readable(root: Path, name: str) -> bool:
    """Check an image's header only, which is quick; a truncated file passes."""
    try:
        _with_or_without_metadata(root, name, check_size)
    except (FileNotFoundError, UnreadableImage):
        return False
    return True


def _with_or_without_metadata(root: Path, name: str, read: Callable[[Image.Image], Found]) -> Found:
    try:
        with open_image(root, name) as image:
            return read(image)
    except FileNotFoundError:
        raise
    except NOT_READABLE as error:
        first = error
    try:
        copy = None if _is_final(first) else _copy_of(root, name)
        if copy is None:
            raise first
        with Image.open(copy, formats=FORMATS) as image:
            return read(image)
    except NOT_READABLE as error:
        start = _start_of(root, name) if isinstance(error, UnidentifiedImageError) else b""
        raise UnreadableImage(reason_of(error, start)) from error


def _orientation_of(image: Image.Image) -> int:
    """Return the orientation in a loaded image's metadata; 1 where they have none, or cannot be read."""
    try:
        found = image.getexif().get(ORIENTATION, 1)
        return found if isinstance(found, int) else 1
    except NOT_READABLE:
        exif = image.info.get("exif")
        return exif_orientation(exif.removeprefix(EXIF)) if isinstance(exif, bytes) else 1


def _is_final(error: Exception) -> bool:
    """Tell whether an error is not of what a file holds besides its pixels."""
    of_system = isinstance(error, OSError) and error.errno is not None
    return of_system or isinstance(error, (UnusableImage, MemoryError))


def _copy_of(root: Path, name: str) -> io.BytesIO | None:
    """Return an image file without its metadata; None for a part of an array file, and where that is not known."""
    path = root / name
    if MEMBER.fullmatch(name) or path.stat().st_size > MOST_COPIED_BYTES:
        return None
    copy = bare_copy(path.read_bytes())
    return None if copy is None else io.BytesIO(copy)


def _start_of(root: Path, name: str) -> bytes:
    """Return a file's first bytes; none for what cannot be opened, such as a folder, whose error says why."""
    try:
        return b"" if MEMBER.fullmatch(name) else read_start(root / name)
    except OSError:
        return b""
