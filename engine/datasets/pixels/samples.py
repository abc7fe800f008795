"""Samples of the files' content, which identify the files of an index, cached by the files' stamps.

Names, sizes and times are not enough, because archives are often unpacked with the same time for all files. Reading
every file at each start of a run would cost more than it saves. So head, middle and tail of each file are read once,
and their digest is cached under the files' stamps (size, times, inode). A folder keeps its stamps when it is moved; a
copy has new stamps and is read once again."""

import hashlib
import os
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from engine.datasets.index import Index
from engine.datasets.pixels.open_image import file_of
from engine.files.paths import SAMPLE_SUFFIX, write_atomic

FORMAT = 1
"""Version of the samples, part of the stamps' digest; raise it when the samples change."""
SAMPLE_BYTES = 2048
READERS = 16
"""Threads that read; they mostly wait for a network disk."""


def sample_files(index: Index, cache: Path) -> str:
    """Return a digest of an index's names, in order, and of samples of its files.

    Files are read where their stamps are not in the cache. Raises OSError where the cache cannot be written."""
    path = _cached_sample(index, cache)
    known = _read(path)
    if known is None:
        known = _digest_of_content(index)
        cache.mkdir(parents=True, exist_ok=True)
        write_atomic(path, known.encode())
    return known


def known_sample(index: Index, cache: Path) -> str | None:
    """Return the digest of `sample_files` where it is known without reading a file, else None."""
    return _read(_cached_sample(index, cache))


def is_there(file: Path) -> bool:
    try:
        return stat.S_ISREG(os.stat(file).st_mode)
    except OSError:
        return False


def _read(path: Path) -> str | None:
    try:
        return path.read_text(encoding="utf-8")
    except OSError:
        return None


def _cached_sample(index: Index, cache: Path) -> Path:
    """Return the cache file of a sample; its name is a digest of the images' names, sizes, times and inodes.

    `chmod` or a move to another disk changes these stamps but not the sample."""
    digest = hashlib.sha256(f"{FORMAT}".encode())
    stamps: dict[Path, bytes] = {}
    for name in index.names:
        file = file_of(index.root or Path(), name)
        if file not in stamps:
            stamps[file] = _stamp(file)
        digest.update(name.encode(errors="surrogateescape") + stamps[file])
    return cache / f"{digest.hexdigest()[:24]}{SAMPLE_SUFFIX}"


def _stamp(file: Path) -> bytes:
    try:
        found = os.stat(file)
    except OSError:
        return b"/missing\n"
    return f"/{found.st_size}/{found.st_mtime_ns}/{found.st_ctime_ns}/{found.st_ino}\n".encode()


def _digest_of_content(index: Index) -> str:
    root = index.root or Path()
    files = list(dict.fromkeys(file_of(root, name) for name in index.names))
    with ThreadPoolExecutor(READERS) as threads:
        found = dict(zip(files, threads.map(_sample, files), strict=True))
    digest = hashlib.sha256()
    for name in index.names:
        digest.update(name.encode(errors="surrogateescape") + found[file_of(root, name)])
    return digest.hexdigest()[:24]


def _sample(file: Path) -> bytes:
    """Return a digest of a file's size, time, head, middle and tail; a pipe counts as a missing file."""
    try:
        found = os.stat(file)
        if not stat.S_ISREG(found.st_mode):
            return b"/missing\n"
        with file.open("rb") as opened:
            content = opened.read(SAMPLE_BYTES)
            for start in (found.st_size // 2, found.st_size - SAMPLE_BYTES):
                if start >= SAMPLE_BYTES:
                    opened.seek(start)
                    content += opened.read(SAMPLE_BYTES)
    except OSError:
        return b"/unreadable\n"
    digest = hashlib.blake2b(f"{found.st_size}/{found.st_mtime_ns}/".encode() + content, digest_size=16)
    return b"/" + digest.digest() + b"\n"
