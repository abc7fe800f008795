"""Decode once: all images of a data set in one uint8 memory map, made anew only when they change."""

import contextlib
import fcntl
import hashlib
import json
import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np

from engine.datasets.builtin import builtin_images
from engine.datasets.decode import decode
from engine.datasets.images import file_of
from engine.datasets.index import Index
from engine.datasets.layouts import DataError
from engine.paths import sync_folder, write_atomic

FORMAT = 1
"""Part of the key: raised when decoding changes."""
CHUNK = 256

Progress = Callable[[int, int], None]
"""Called with images done and images in all."""


def pack(index: Index, cache: Path, *, size_px: int, fit: str, progress: Progress) -> np.ndarray:
    """All images of an index in its order, as a read-only uint8 map N×size×size×3.

    The cache's key is made of the files' names, sizes and times, so that a changed file is packed anew.
    A process that packs the same data holds a lock: others wait for it. Raises DataError for a bad image."""
    key = _key(index, size_px, fit)
    shape = (len(index.names), size_px, size_px, 3)
    path, about = cache / f"{key}.u8", cache / f"{key}.json"
    cache.mkdir(parents=True, exist_ok=True)
    with _locked(cache / f"{key}.lock"):
        if not (about.exists() and path.exists() and path.stat().st_size == int(np.prod(shape))):
            _write(index, path, shape, size_px, fit, progress)
            content = {
                "kind": index.kind,
                "root": str(index.root or ""),
                "images": shape[0],
                "size_px": size_px,
            }
            write_atomic(about, json.dumps({**content, "fit": fit, "format": FORMAT}).encode())
    return np.memmap(path, dtype=np.uint8, mode="r", shape=shape)


def _key(index: Index, size_px: int, fit: str) -> str:
    digest = hashlib.sha256(f"{FORMAT}/{size_px}/{fit}/{index.kind}/{index.fingerprint}".encode())
    for name in index.names if index.root else ():
        digest.update(name.encode(errors="surrogateescape"))
        digest.update(_stamp(file_of(index.root, name)) if index.root else b"")
    return digest.hexdigest()[:24]


def _stamp(path: Path) -> bytes:
    try:
        status = path.stat()
    except OSError:
        raise DataError(f"image {path} is missing: put it back or take its row out") from None
    return f"/{status.st_size}/{status.st_mtime_ns}\n".encode()


@contextlib.contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Hold a lock that ends with the process."""
    with path.open("a") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def _write(
    index: Index, path: Path, shape: tuple[int, int, int, int], size_px: int, fit: str, progress: Progress
) -> None:
    """Fill a file aside and put it in place when it is whole."""
    aside = path.with_suffix(".partial")
    try:
        with aside.open("wb") as file:
            # Claim the space first: a full disk is an OSError here, and would end the process in the map.
            os.posix_fallocate(file.fileno(), 0, int(np.prod(shape)))
        packed = np.memmap(aside, dtype=np.uint8, mode="r+", shape=shape)
        if index.root is None:
            packed[:] = builtin_images(index.kind, size_px)
            progress(shape[0], shape[0])
        else:
            _decode_all(index.root, index.names, packed, size_px, fit, progress)
        packed.flush()
        del packed
        os.replace(aside, path)
    finally:
        aside.unlink(missing_ok=True)
    sync_folder(path.parent)


def _decode_all(
    root: Path, names: tuple[str, ...], packed: np.ndarray, size_px: int, fit: str, progress: Progress
) -> None:
    def one(row: int) -> None:
        packed[row] = decode(root / names[row], size_px, fit)

    # Pillow lets other threads run while it decodes and resizes.
    with ThreadPoolExecutor(len(os.sched_getaffinity(0))) as threads:
        for start in range(0, len(names), CHUNK):
            rows = range(start, min(start + CHUNK, len(names)))
            for _ in threads.map(one, rows):
                pass
            progress(rows.stop, len(names))
