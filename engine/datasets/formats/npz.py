"""Arrays of MedMNIST's files: `{train,val,test}_images` and `_labels` in one .npz."""

from __future__ import annotations

import functools
import threading
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.datasets.formats.problems import DataError
from engine.datasets.formats.split_names import SPLITS

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_READING = threading.Lock()


def npz_labels(path: Path) -> dict[str, list[str]]:
    """Read the labels of each split without its images. Raises DataError."""
    import numpy as np

    lengths = npz_lengths(path)
    found: dict[str, list[str]] = {}
    with _readable(path), np.load(path, allow_pickle=False) as arrays:
        for split, images in lengths.items():
            name = f"{split}_labels"
            if name not in arrays.files:
                raise DataError(f"{path} has {split}_images but no {name}: add them")
            labels = arrays[name]
            if labels.ndim == 2 and labels.shape[1] == 1:
                labels = labels[:, 0]
            if labels.ndim != 1:
                raise DataError(f"{name} of {path} has shape {labels.shape}: one label an image is needed")
            if len(labels) != images:
                raise DataError(
                    f"{path} has {images} {split}_images but {len(labels)} {name}: they must pair up"
                )
            found[split] = [str(label) for label in labels.tolist()]
    return found


def npz_lengths(path: Path) -> dict[str, int]:
    """Count the images of each split from the arrays' headers. Raises DataError for an array that is not images."""
    status = path.stat()
    return dict(_lengths(path, status.st_mtime_ns, status.st_size))


@functools.lru_cache(maxsize=8)
def _lengths(path: Path, _changed: int, _size: int) -> tuple[tuple[str, int], ...]:
    import numpy as np

    found = []
    with _readable(path), zipfile.ZipFile(path) as archive:
        for split in SPLITS:
            name = f"{split}_images.npy"
            if name not in archive.namelist():
                continue
            with archive.open(name) as member:
                version = np.lib.format.read_magic(member)
                read = {(1, 0): np.lib.format.read_array_header_1_0}.get(
                    version, np.lib.format.read_array_header_2_0
                )
                shape, _, dtype = read(member)
            _check_shape(path, split, shape, dtype)
            found.append((split, shape[0]))
    if not found:
        raise DataError(f"{path} has no train_images, val_images or test_images: it is no MedMNIST file")
    return tuple(found)


def _check_shape(path: Path, split: str, shape: tuple[int, ...], dtype: Any) -> None:
    if str(dtype) != "uint8" or not (len(shape) == 3 or (len(shape) == 4 and shape[3] == 3)):
        text = "×".join(map(str, shape))
        raise DataError(
            f"{split}_images of {path} are {dtype} {text}: uint8 N×height×width or N×height×width×3 is needed"
        )


def npz_images(path: Path, split: str) -> NDArray[np.uint8]:
    """Read the images of a split, uint8 N×height×width(×3); keep them in memory for the next call.

    Raises DataError, and KeyError for a split that the file does not have."""
    status = path.stat()
    with _READING:
        return _images(path, split, status.st_mtime_ns, status.st_size)


def forget_npz_images() -> None:
    """Let go of the images that are kept in memory."""
    _images.cache_clear()


@functools.lru_cache(maxsize=len(SPLITS))
def _images(path: Path, split: str, changed: int, size: int) -> NDArray[np.uint8]:
    import numpy as np

    if split not in dict(_lengths(path, changed, size)):
        raise KeyError(split)
    with _readable(path), np.load(path, allow_pickle=False) as arrays:
        images: NDArray[np.uint8] = arrays[f"{split}_images"]
        return images


@contextmanager
def _readable(path: Path) -> Iterator[None]:
    try:
        yield
    except DataError:
        raise
    except (zipfile.BadZipFile, zlib.error, ValueError, KeyError, EOFError, OSError, MemoryError) as problem:
        reason = str(problem).splitlines()[0] if str(problem) else type(problem).__name__
        raise DataError(f"{path} cannot be read ({reason}): download it again") from None
