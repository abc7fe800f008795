"""Content hash of each image, by which it is recognised under another name or in another table."""

import hashlib
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from engine.datasets.formats.array_files import array_images
from engine.datasets.formats.names.image_names import MEMBER
from engine.datasets.formats.problems import DataError
from engine.datasets.index import SKIPPED, Index
from engine.datasets.pixels.samples import Stamps, known_sample, read_stamps, sample_files
from engine.files.paths import write_atomic

FORMAT = 1
"""Version of the hashes, part of the cache key; raise it when they change."""
CHUNK = 64
"""Images that a thread reads at a time."""

Hashes = NDArray[np.uint64]


def hash_of(content: bytes) -> int:
    """Return 64 bits of BLAKE2; the probability of a collision among 100,000 images is 3e-10."""
    return int.from_bytes(hashlib.blake2b(content, digest_size=8).digest(), "little")


def text_hashes(texts: list[str]) -> Hashes:
    return np.array([hash_of(text.encode(errors="surrogateescape")) for text in texts], dtype=np.uint64)


def image_hashes(
    index: Index, cache: Path, log: Callable[[str], None], stamps: Stamps | None = None
) -> Hashes:
    """Return the hashes of an index's images in its order; 0 for a skipped image.

    Each file is read once. The hashes are kept beside the packed images until a file changes (see `samples`); its
    files are looked at where no `stamps` are given. Raises DataError for a file that cannot be read."""
    if index.root is None:
        return _hashes_of_names(index)
    root, stamps = index.root, stamps or read_stamps(index)
    sample = sample_files(index, cache, stamps)
    found = _kept_hashes(index, cache, sample)
    if found is not None:
        return found
    log(f"reading {len(index.names):,} images once more, to know them again in other data")
    hashes = np.zeros(len(index.names), dtype=np.uint64)
    rows = [row for row, split in enumerate(index.splits) if split != SKIPPED]

    def some(start: int) -> None:
        for row in rows[start : start + CHUNK]:
            hashes[row] = hash_of(_content(root, index.names[row]))

    with ThreadPoolExecutor(len(os.sched_getaffinity(0))) as threads:
        for _ in threads.map(some, range(0, len(rows), CHUNK)):
            pass
    write_atomic(_cached(sample, cache), hashes.tobytes())
    return hashes


def known_hashes(index: Index, cache: Path) -> Hashes | None:
    """Return the hashes where they are known without reading an image, else None."""
    if index.root is None:
        return _hashes_of_names(index)
    sample = known_sample(cache, read_stamps(index))
    return None if sample is None else _kept_hashes(index, cache, sample)


def _hashes_of_names(index: Index) -> Hashes:
    """Return the hashes of a built-in set's names: each image is a function of its name."""
    return text_hashes(list(index.names))


def _kept_hashes(index: Index, cache: Path, sample: str) -> Hashes | None:
    try:
        content = _cached(sample, cache).read_bytes()
    except OSError:
        return None
    return np.frombuffer(content, dtype=np.uint64) if len(content) == 8 * len(index.names) else None


def _cached(sample: str, cache: Path) -> Path:
    return cache / f"{hashlib.sha256(f'{FORMAT}/{sample}'.encode()).hexdigest()[:24]}.hashes"


def _content(root: Path, name: str) -> bytes:
    """Read the bytes of an image's file; of an image in an array file, its pixels."""
    member = MEMBER.fullmatch(name)
    try:
        if member is None:
            return (root / name).read_bytes()
        image = array_images(root / member["file"], member["split"])[int(member["row"])]
        return bytes(image.tobytes())
    except (OSError, KeyError, IndexError):
        raise DataError(f"image {root / name} cannot be read: replace it or take its row out") from None
