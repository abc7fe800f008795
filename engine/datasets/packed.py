"""Decode once: all images of a data set in one uint8 memory map, made anew only when they change."""

import dataclasses
import errno
import hashlib
import json
import mmap
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from engine.datasets.builtin import builtin_reader
from engine.datasets.formats.names import without_suffix
from engine.datasets.index import SKIPPED, Index
from engine.datasets.layouts import DataError
from engine.datasets.pixels.decode import BadImage, Look, decode, is_readable, shown
from engine.datasets.pixels.locks import locked
from engine.datasets.pixels.open_image import file_of
from engine.datasets.pixels.packing import Job, PackingLine, Partial, Progress, Reader, Unreadable, fill
from engine.datasets.pixels.samples import is_there, sample_files
from engine.files.paths import sync_folder, write_atomic

FORMAT = 3
"""Part of the key: raised when decoding changes."""


class BadImages(DataError):
    """Images that cannot be read: `bad` says why for each, by name."""

    def __init__(self, text: str, bad: Mapping[str, str]) -> None:
        super().__init__(text)
        self.bad = dict(bad)


class CacheError(OSError):
    """The cache cannot be written; one line that says what to do."""

    def __str__(self) -> str:
        return str(self.strerror)


@dataclass(frozen=True)
class Packed:
    """A data set as the network sees it."""

    images: NDArray[np.uint8]
    """A read-only map N×size×size×3 in the index's order; unreadable images are black."""
    bad: Mapping[int, str]
    """Why images could not be read, by row."""


def pack(
    index: Index,
    cache: Path,
    look: Look,
    *,
    on_bad: str = "fail",
    progress: Progress = lambda _done, _total: None,
    should_stop: Callable[[], bool] = lambda: False,
    log: Callable[[str], None] = lambda _text: None,
) -> Packed:
    """All images of an index, decoded at most once.

    The cache's key is made of the files' names, sizes, times and samples of their content, so that a changed file is
    packed anew and a folder that was moved or copied is not.
    A process that packs the same data holds a lock: others wait for it. One that was stopped or killed left a
    map half filled, which is filled further. Raises BadImages (`on_bad` fail), DataError, Stopped, CacheError."""
    shape = (len(index.names), look.size_px, look.size_px, 3)
    size_bytes = int(np.prod(shape))
    if on_bad == "fail":
        _check_that_all_are_there(index)

    def waiting() -> None:
        log(PackingLine("another run is packing the same images: waiting for it"))

    with _room_for(cache, size_bytes):
        cache.mkdir(parents=True, exist_ok=True)
        key = _key(index, look, cache)
        path, about = cache / f"{key}.u8", cache / f"{key}.json"
        with locked(cache / f"{key}.lock", should_stop=should_stop, waiting=waiting):
            bad = _known_bad(about) if path.exists() and path.stat().st_size == size_bytes else None
            if bad is None:
                partial = Partial.open(path.with_suffix(".partial"), cache / f"{key}.note", size_bytes)
                if partial.done:
                    log(PackingLine(f"going on with packing from image {partial.done:,}"))
                _fill(partial, index, look, on_bad, progress, should_stop)
                _put_in_place(partial, path, about, _key(index, look, cache) == key, index, look)
                bad = partial.bad
            # Under the lock: what nobody uses yet, `prune` of another home may take.
            images = open_map(path, shape)
    if bad and on_bad == "fail":
        raise _bad_images(index, bad)
    return Packed(images, bad)


def skip(index: Index, bad: Mapping[int, str]) -> Index:
    """The index whose splits are without the bad rows; rows keep their numbers. The fingerprint says which were
    skipped. Raises DataError where a split is left without images."""
    if not bad:
        return index
    splits = tuple(SKIPPED if row in bad else split for row, split in enumerate(index.splits))
    names = "\n".join(sorted(without_suffix(index.names[row]) for row in bad))
    fingerprint = hashlib.sha256(f"{index.fingerprint}\nwithout\n{names}".encode()).hexdigest()[:16]
    for split in set(index.splits):
        if split not in splits:
            raise DataError(f"no {split} image can be read, the first is {next(iter(bad.values()))}")
    return dataclasses.replace(index, splits=splits, fingerprint=fingerprint)


def _key(index: Index, look: Look, cache: Path) -> str:
    """The same for images that look the same; labels and splits do not matter."""
    content = f"{index.kind}" if index.root is None else f"{sample_files(index, cache)}/{_skipped(index)}"
    about = f"{FORMAT}/{look.size_px}/{look.fit}/{look.preprocess}/{content}"
    return hashlib.sha256(about.encode()).hexdigest()[:24]


def _skipped(index: Index) -> list[int]:
    return [row for row, split in enumerate(index.splits) if split == SKIPPED]


def _check_that_all_are_there(index: Index) -> None:
    """Raises BadImages."""
    root = index.root
    if root is not None:
        there = {file: is_there(file) for file in {file_of(root, name) for name in index.names}}
        missing = {
            row: f"image {root / name} is missing"
            for row, name in enumerate(index.names)
            if not there[file_of(root, name)]
        }
        if missing:
            raise _bad_images(index, missing)


def _known_bad(about: Path) -> dict[int, str] | None:
    """The bad rows of a finished map; None where it is not finished."""
    try:
        return {int(row): why for row, why in json.loads(about.read_text())["bad"].items()}
    except (OSError, ValueError, KeyError):
        return None


def _fill(
    partial: Partial,
    index: Index,
    look: Look,
    on_bad: str,
    progress: Progress,
    should_stop: Callable[[], bool],
) -> None:
    job = Job(len(index.names), reader_of(index, look), on_bad == "skip", progress, should_stop)
    try:
        fill(partial, job)
    except Unreadable as found:
        raise _bad_images(index, _look_ahead(index, partial, found.bad)) from None


def reader_of(index: Index, look: Look) -> Reader:
    """What decodes the image of a row."""
    root = index.root
    if root is None:
        draw = builtin_reader(index.kind, look.size_px)
        return lambda row: shown(draw(row), look)

    def read(row: int) -> NDArray[np.uint8]:
        """What is called as a missing image, but is none, is not opened: a GIF, or a pipe that would never end."""
        if index.splits[row] == SKIPPED:
            raise BadImage(f"image {root / index.names[row]} is missing")
        return decode(root, index.names[row], look)

    return read


def _look_ahead(index: Index, partial: Partial, found: Mapping[int, str]) -> dict[int, str]:
    """The bad images found so far, and those ahead whose headers alone tell."""
    bad, root = {**partial.bad, **found}, index.root
    assert root is not None
    for row in range(max(found) + 1, len(index.names)):
        if not is_readable(root, index.names[row]):
            bad[row] = f"image {root / index.names[row]} cannot be read"
    return bad


def _bad_images(index: Index, bad: Mapping[int, str]) -> BadImages:
    first, others = bad[min(bad)], len(bad) - 1
    more = f", nor can {others:,} more be read" if others else ""
    advice = "replace them, take their rows out" if others else "replace it, take its row out"
    text = f"{first}{more}: {advice}, or skip with --on-bad skip"
    return BadImages(text, {index.names[row]: why for row, why in sorted(bad.items())})


def _put_in_place(
    partial: Partial, path: Path, about: Path, unchanged: bool, index: Index, look: Look
) -> None:
    if not unchanged:
        partial.remove()
        raise DataError(f"images in {index.root} changed while they were packed: queue the run again")
    os.replace(partial.path, path)
    sync_folder(path.parent)
    content = {
        "kind": index.kind,
        "root": str(index.root or ""),
        "images": len(index.names),
        **dataclasses.asdict(look),
        "format": FORMAT,
        "bad": {str(row): why for row, why in partial.bad.items()},
    }
    write_atomic(about, json.dumps(content).encode())
    partial.remove()


def open_map(path: Path, shape: tuple[int, ...]) -> NDArray[np.uint8]:
    """A file of pixels as a read-only array of this shape."""
    with path.open("rb") as file:
        pages = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    return np.frombuffer(pages, dtype=np.uint8).reshape(shape)


@contextmanager
def _room_for(cache: Path, size_bytes: int) -> Iterator[None]:
    """Say in one line what a full or locked disk means."""
    try:
        yield
    except OSError as error:
        full = error.errno in (errno.ENOSPC, errno.EDQUOT)
        advice = "free some space or give another folder with --cache"
        if full:
            text = f"no space for {size_bytes / 1e9:.1f} GB of packed images in {cache}: {advice}"
        else:
            text = f"the cache {cache} cannot be written ({error.strerror}): {advice}"
        raise CacheError(error.errno, text) from None
