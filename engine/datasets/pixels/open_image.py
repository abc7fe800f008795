"""An image by its name in an index, whether it is a file or lies inside an array file."""

import errno
import stat
from pathlib import Path

from PIL import Image

from engine.datasets.formats.names import MEMBER
from engine.datasets.formats.npz import npz_images

FORMATS = ("JPEG", "PNG", "TIFF", "WEBP", "BMP", "GIF", "PPM", "JPEG2000", "AVIF", "DIB", "ICO", "TGA")
"""What a file may hold, whatever its suffix: pictures that Pillow decodes itself. It would hand PostScript to
Ghostscript, which runs what the file says."""


def open_image(root: Path, name: str) -> Image.Image:
    """Open an image of the index with this root; a file's pixels are read when they are first asked for.

    Raises FileNotFoundError for a missing image, DataError for a broken array file, and Pillow's errors for a
    file that is no image."""
    member = MEMBER.fullmatch(name)
    if member is None:
        return _open_file(root / name)
    images = npz_images(root / member["file"]).get(member["split"], ())
    if int(member["row"]) >= len(images):
        raise FileNotFoundError(f"{root / name}: there are {len(images)} images in this split")
    return Image.fromarray(images[int(member["row"])])


def _open_file(path: Path) -> Image.Image:
    """No pipe and no device: opening one would wait for whoever writes into it."""
    if stat.S_IFMT(path.stat().st_mode) not in (stat.S_IFREG, stat.S_IFDIR):
        raise OSError(errno.EINVAL, "it is no file")
    return Image.open(path, formats=FORMATS)


def file_of(root: Path, name: str) -> Path:
    """The file that holds an image."""
    member = MEMBER.fullmatch(name)
    return root / (name if member is None else member["file"])
