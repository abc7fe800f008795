"""Samples of the files' content, which identify the files of an index, cached by the files' stamps.

Names, sizes and times are not enough, because archives are often unpacked with the same time for all files. Reading
every file at each start of a run would cost more than it saves. So head, middle and tail of each file are read once,
and their digest is cached under the files' stamps (size, times, inode). A folder keeps its stamps when it is moved; a
copy has new stamps and is read once again."""

import hashlib
import os
import stat
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from engine.datasets.formats.names.image_names import file_name_of
from engine.datasets.index import Index
from engine.files.paths import SAMPLE_SUFFIX, write_atomic

FORMAT = 1
"""Version of the samples, part of the stamps' digest; raise it when the samples change."""
SAMPLE_BYTES = 2048
READERS = 16
"""Threads that read; they mostly wait for a network disk."""


MISSING = b"/missing\n"


@dataclass(frozen=True)
class Stamps:
    """Stamps of the files of an index, each file looked at once: on a network disk every look is a round trip."""

    digest: str
    """Digest of the images' names, in order, and of their files' sizes, times and inodes."""
    missing: tuple[int, ...]
    """Rows whose file is not there or is no regular file."""


def read_stamps(index: Index) -> Stamps:
    """Look at every file of an index with a root."""
    root, digest = str(index.root), hashlib.sha256(f"{FORMAT}".encode())
    known: dict[str, tuple[bytes, bool]] = {}
    missing = []
    for row, name in enumerate(index.names):
        file = file_name_of(name)
        if file not in known:
            known[file] = _stamp(os.path.join(root, file))
        stamp, is_regular = known[file]
        digest.update(name.encode(errors="surrogateescape") + stamp)
        if not is_regular:
            missing.append(row)
    return Stamps(digest.hexdigest()[:24], tuple(missing))


def sample_files(index: Index, cache: Path, stamps: Stamps) -> str:
    """Return a digest of an index's names, in order, and of samples of its files, whose stamps have been read.

    Files are read where their stamps are not in the cache. Raises OSError where the cache cannot be written."""
    known = known_sample(cache, stamps)
    if known is None:
        known = _digest_of_content(index)
        cache.mkdir(parents=True, exist_ok=True)
        write_atomic(_cached_sample(cache, stamps), known.encode())
    return known


def known_sample(cache: Path, stamps: Stamps) -> str | None:
    """Return the digest of `sample_files` where it is known without reading a file, else None."""
    try:
        return _cached_sample(cache, stamps).read_text(encoding="utf-8")
    except OSError:
        return None


def _cached_sample(cache: Path, stamps: Stamps) -> Path:
    """Return the cache file of a sample.

    `chmod` or a move to another disk changes the stamps but not the sample."""
    return cache / f"{stamps.digest}{SAMPLE_SUFFIX}"


def _stamp(file: str) -> tuple[bytes, bool]:
    """Return a file's stamp, and True where it is a regular file."""
    try:
        found = os.stat(file)
    except OSError:
        return MISSING, False
    stamp = f"/{found.st_size}/{found.st_mtime_ns}/{found.st_ctime_ns}/{found.st_ino}\n"
    return stamp.encode(), stat.S_ISREG(found.st_mode)


def _digest_of_content(index: Index) -> str:
    root = index.root or Path()
    files = list(dict.fromkeys(map(file_name_of, index.names)))
    with ThreadPoolExecutor(READERS) as threads:
        found = dict(zip(files, threads.map(lambda file: _sample(root / file), files), strict=True))
    digest = hashlib.sha256()
    for name in index.names:
        digest.update(name.encode(errors="surrogateescape") + found[file_name_of(name)])
    return digest.hexdigest()[:24]


def _sample(file: Path) -> bytes:
    """Return a digest of a file's size, time, head, middle and tail; a pipe counts as a missing file."""
    try:
        found = os.stat(file)
        if not stat.S_ISREG(found.st_mode):
            return MISSING
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
