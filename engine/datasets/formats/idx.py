"""IDX files, as MNIST's: arrays of bytes behind a header of big-endian numbers, plain or in gzip.

Source: the MNIST page of LeCun, Cortes and Burges: two zero bytes, 8 for unsigned bytes, the number of dimensions, four
bytes for the length of each, then the data with the last dimension the fastest."""

from __future__ import annotations

import functools
import gzip
import math
import struct
import threading
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from engine.datasets.formats.problems import DataError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

LABEL_DIMENSIONS, IMAGE_DIMENSIONS = 1, 3
LARGEST_RATIO = 1_100
"""Gzip makes nothing shorter than by this: a header that claims more is wrong, or the file is a bomb."""
MOST_BYTES = 1 << 33
"""Largest array that is read: it lies in memory whole."""
_READING = threading.Lock()


def idx_labels(path: Path) -> list[int]:
    """Read the labels of an IDX file of one dimension. Raises DataError."""
    return list(map(int, _read(path, LABEL_DIMENSIONS)[1]))


def idx_length(path: Path) -> int:
    """Count the images of an IDX file from its header. Raises DataError for a file that is not images."""
    status = path.stat()
    return _shape(path, IMAGE_DIMENSIONS, status.st_mtime_ns, status.st_size)[0]


def idx_images(path: Path) -> NDArray[np.uint8]:
    """Read the images of an IDX file, uint8 N×height×width, and keep them in memory for the next call. Raises
    DataError."""
    status = path.stat()
    with _READING:
        return _images(path, status.st_mtime_ns, status.st_size)


def forget_idx_images() -> None:
    """Let go of the images that are kept in memory."""
    _images.cache_clear()


@functools.lru_cache(maxsize=2)
def _images(path: Path, _changed: int, _size: int) -> NDArray[np.uint8]:
    shape, content = _read(path, IMAGE_DIMENSIONS)
    return content.reshape(shape)


def _read(path: Path, dimensions: int) -> tuple[tuple[int, ...], NDArray[np.uint8]]:
    """Return an array's shape and its data; never more is read than the header says, and one byte."""
    import numpy as np

    status = path.stat()
    shape = _shape(path, dimensions, status.st_mtime_ns, status.st_size)
    expected = math.prod(shape)
    with _opened(path) as file:
        file.read(_header_bytes(dimensions))
        content = file.read(expected + 1)
    if len(content) != expected:
        held = "more" if len(content) > expected else f"{len(content):,}"
        raise DataError(
            f"{path} holds {held} bytes of data, and its header says {expected:,}: download it again"
        )
    return shape, np.frombuffer(content, np.uint8)


@functools.lru_cache(maxsize=8)
def _shape(path: Path, dimensions: int, _changed: int, size: int) -> tuple[int, ...]:
    header = _header_bytes(dimensions)
    with _opened(path) as file:
        start = file.read(header)
    what = "images (three dimensions" if dimensions == IMAGE_DIMENSIONS else "labels (one dimension"
    if len(start) < header or start[:4] != bytes((0, 0, 8, dimensions)):
        shown = start[:4].hex(" ") or "none"
        raise DataError(f"{path} is no IDX file of {what} of bytes): its first bytes are {shown}")
    shape: tuple[int, ...] = struct.unpack(f">{dimensions}I", start[4:])
    expected = math.prod(shape)
    if not expected:
        raise DataError(f"{path} is empty: its header says {'×'.join(map(str, shape))}")
    most = LARGEST_RATIO * size if _is_zipped(path) else size - header
    if expected > min(most, MOST_BYTES):
        raise DataError(
            f"{path} has {size:,} bytes, which cannot hold the {'×'.join(map(str, shape))} of its header: "
            "download it again"
        )
    return shape


def _header_bytes(dimensions: int) -> int:
    return 4 + 4 * dimensions


def _is_zipped(path: Path) -> bool:
    """Tell by the first bytes: browsers unpack some downloads and keep the suffix."""
    with path.open("rb") as file:
        return file.read(2) == b"\x1f\x8b"


@contextmanager
def _opened(path: Path) -> Iterator[BinaryIO]:
    try:
        with gzip.open(path) if _is_zipped(path) else path.open("rb") as file:
            yield file  # type: ignore[misc]
    except DataError:
        raise
    except (OSError, EOFError, zlib.error, MemoryError) as problem:
        reason = str(problem).splitlines()[0] if str(problem) else type(problem).__name__
        raise DataError(f"{path} cannot be read ({reason}): download it again") from None
