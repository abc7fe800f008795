"""Access to an image by its name in an index: a file of its own, or part of an array file."""

import errno
import importlib
import stat
from pathlib import Path

from PIL import Image

from engine.datasets.formats.array_files import array_images
from engine.datasets.formats.names.image_files import HEIF, SUFFIXES
from engine.datasets.formats.names.image_names import MEMBER


def _registers_heif() -> bool:
    """Tell Pillow of the decoder of HEIF; return False where the package cannot be loaded."""
    try:
        importlib.import_module("pillow_heif").register_heif_opener()
    except ImportError:
        return False
    return True


FORMATS = tuple(name for name in SUFFIXES if name != HEIF or _registers_heif())
"""Formats that a file may have, whatever its suffix."""


def open_image(root: Path, name: str) -> Image.Image:
    """Open an image of the index with this root; Pillow reads the pixels of a file when they are first used.

    Raises FileNotFoundError for a missing image, DataError for a broken array file, and Pillow's errors for a
    file that is not an image."""
    member = MEMBER.fullmatch(name)
    if member is None:
        return _open_file(root / name)
    try:
        images = array_images(root / member["file"], member["split"])
    except KeyError:
        raise FileNotFoundError(f"{root / name}: there is no such split") from None
    if int(member["row"]) >= len(images):
        raise FileNotFoundError(f"{root / name}: there are {len(images)} images in this split")
    return Image.fromarray(images[int(member["row"])])


def _open_file(path: Path) -> Image.Image:
    """Open a file, but never a pipe or a device, which would block until another process writes to it."""
    if stat.S_IFMT(path.stat().st_mode) not in (stat.S_IFREG, stat.S_IFDIR):
        raise OSError(errno.EINVAL, "it is no file")
    return Image.open(path, formats=FORMATS)
