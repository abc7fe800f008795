"""Packed cache: all images of a data set decoded once into one uint8 memory map, repacked when they change."""

import dataclasses
import errno
import hashlib
import json
import mmap
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from engine.datasets.builtin import builtin_reader
from engine.datasets.formats.names.image_names import without_suffix
from engine.datasets.formats.problems import error
from engine.datasets.index import SKIPPED, Index
from engine.datasets.layouts import DataError
from engine.datasets.pixels.decode import DEFAULT_RESIZE, BadImage, Look, decode, shown
from engine.datasets.pixels.locks import locked
from engine.datasets.pixels.packing import Job, PackingLine, Partial, Progress, Reader, Unreadable, fill
from engine.datasets.pixels.read_image import is_readable
from engine.datasets.pixels.samples import Stamps, read_stamps, sample_files
from engine.files.paths import sync_folder, write_atomic
from engine.problem import Problem, WayOut
from engine.time_line import Phase, PhaseClock

FORMAT = 3
"""Version of decoding, part of the cache key; raise it when decoding changes."""


class BadImages(DataError):
    """Error for images that cannot be read; `bad` has the reason for each, by name."""

    def __init__(self, problem: Problem, bad: Mapping[str, str]) -> None:
        super().__init__(problem)
        self.bad = dict(bad)


class CacheError(OSError):
    """Error for a cache that cannot be written, in one line that says what to do."""

    def __str__(self) -> str:
        return str(self.strerror)


@dataclass(frozen=True)
class Packed:
    """Images of a data set, decoded and resized."""

    images: NDArray[np.uint8]
    """Read-only map N×size×size×3 in the index's order; unreadable images are black."""
    bad: Mapping[int, str]
    """Reasons why images could not be read, by row."""
    stamps: Stamps | None
    """Stamps of the files; None for a built-in set, which has no files."""


WAITING = PackingLine("another run is packing the same images: waiting for it")


def pack(
    index: Index,
    cache: Path,
    look: Look,
    *,
    on_bad: str = "fail",
    progress: Progress = lambda _done, _total: None,
    should_stop: Callable[[], bool] = lambda: False,
    log: Callable[[str], None] = lambda _text: None,
    clock: PhaseClock | None = None,
) -> Packed:
    """Return all images of an index from the cache; decode them first where the cache does not have them.

    The cache key is a hash of the files' names, sizes, times and samples of their content: a changed file is
    packed again, a folder that was moved or copied is not.
    A process that packs holds a lock, and others that want the same images wait for it. Where it was stopped or
    killed, the next process continues its half-filled map.
    `clock` counts what follows the look for changed files as packing.
    Raises BadImages (where `on_bad` is `fail`), DataError, Stopped, CacheError."""
    shape = (len(index.names), look.size_px, look.size_px, 3)
    size_bytes = int(np.prod(shape))
    stamps = _stamps(index)
    if on_bad == "fail" and stamps is not None:
        _check_that_all_are_there(index, stamps)

    with _room_for(cache, size_bytes):
        cache.mkdir(parents=True, exist_ok=True)
        key = _key(index, look, cache, stamps)
        path, about = cache / f"{key}.u8", cache / f"{key}.json"
        with (
            (clock or PhaseClock()).phase(Phase.PACKING),
            locked(cache / f"{key}.lock", should_stop=should_stop, waiting=partial(log, WAITING)),
        ):
            bad = _known_bad(about) if path.exists() and path.stat().st_size == size_bytes else None
            if bad is None:
                filling = Partial.open(path.with_suffix(".partial"), cache / f"{key}.note", size_bytes)
                if filling.done:
                    log(PackingLine(f"going on with packing from image {filling.done:,}"))
                _fill(filling, index, look, on_bad, progress, should_stop)
                unchanged = _key(index, look, cache, _stamps(index)) == key
                _put_in_place(filling, path, about, unchanged, index, look)
                bad = filling.bad
            # Under the lock: what nobody uses yet, `prune` of another home may take.
            images = open_map(path, shape)
    if bad and on_bad == "fail":
        raise _bad_images(index, bad)
    return Packed(images, bad, stamps)


def skip(index: Index, bad: Mapping[int, str]) -> Index:
    """Return the index with the bad rows taken out of their splits; all rows keep their numbers.

    The fingerprint depends on the rows skipped. Raises DataError where a split is left without images."""
    if not bad:
        return index
    splits = tuple(SKIPPED if row in bad else split for row, split in enumerate(index.splits))
    names = "\n".join(sorted(without_suffix(index.names[row]) for row in bad))
    fingerprint = hashlib.sha256(f"{index.fingerprint}\nwithout\n{names}".encode()).hexdigest()[:16]
    for split in set(index.splits):
        if split not in splits:
            raise DataError(f"no {split} image can be read, the first is {next(iter(bad.values()))}")
    return dataclasses.replace(index, splits=splits, fingerprint=fingerprint)


def _stamps(index: Index) -> Stamps | None:
    return None if index.root is None else read_stamps(index)


def _key(index: Index, look: Look, cache: Path, stamps: Stamps | None) -> str:
    """Return the cache key: equal for equal pixels, whatever labels and splits are."""
    content = index.kind if stamps is None else f"{sample_files(index, cache, stamps)}/{_skipped(index)}"
    resize = "" if look.resize == DEFAULT_RESIZE else f"{look.resize}/"  # keys of earlier versions stay
    about = f"{FORMAT}/{look.size_px}/{look.fit}/{look.preprocess}/{resize}{content}"
    return hashlib.sha256(about.encode()).hexdigest()[:24]


def _skipped(index: Index) -> list[int]:
    return [row for row, split in enumerate(index.splits) if split == SKIPPED]


def _check_that_all_are_there(index: Index, stamps: Stamps) -> None:
    """Raise BadImages where a file is missing."""
    if stamps.missing:
        root = index.root or Path()
        missing = {row: f"image {root / index.names[row]} is missing" for row in stamps.missing}
        raise _bad_images(index, missing)


def _known_bad(about: Path) -> dict[int, str] | None:
    """Read the bad rows of a finished map; return None where the map is not finished."""
    try:
        return {int(row): why for row, why in json.loads(about.read_text(encoding="utf-8"))["bad"].items()}
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
        raise _bad_images(index, _all_bad(index, partial, found.bad)) from None


def reader_of(index: Index, look: Look) -> Reader:
    """Return a function that decodes the image of a row."""
    root = index.root
    if root is None:
        draw = builtin_reader(index.kind, look.size_px)
        return lambda row: shown(draw(row), look)

    def read(row: int) -> NDArray[np.uint8]:
        """Decode one image.

        Never open a file that merely has the name of a missing image, such as a GIF, or a pipe without end."""
        if index.splits[row] == SKIPPED:
            raise BadImage(f"image {root / index.names[row]} is missing")
        return decode(root, index.names[row], look)

    return read


def _all_bad(index: Index, partial: Partial, found: Mapping[int, str]) -> dict[int, str]:
    """Return the bad images found so far and, of those not decoded yet, the ones with an unreadable header."""
    bad, root = {**partial.bad, **found}, index.root
    assert root is not None
    for row in range(max(found) + 1, len(index.names)):
        if not is_readable(root, index.names[row]):
            bad[row] = f"image {root / index.names[row]} cannot be read"
    return bad


def _bad_images(index: Index, bad: Mapping[int, str]) -> BadImages:
    first, others = bad[min(bad)], len(bad) - 1
    more = f", nor can {others:,} more be read" if others else ""
    advice = ("replace them", "take their rows out") if others else ("replace it", "take its row out")
    ways = [*map(WayOut, advice), WayOut("skip with {}", "on_bad", "skip")]
    problem = error("unreadable_images", f"{first}{more}", [index.names[row] for row in sorted(bad)], ways)
    return BadImages(problem, {index.names[row]: why for row, why in sorted(bad.items())})


def _put_in_place(
    partial: Partial, path: Path, about: Path, unchanged: bool, index: Index, look: Look
) -> None:
    if not unchanged:
        partial.remove()
        raise DataError(f"images in {index.root} changed while they were packed: retry")
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
    """Map a file of pixels as a read-only array of this shape."""
    with path.open("rb") as file:
        pages = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    return np.frombuffer(pages, dtype=np.uint8).reshape(shape)


@contextmanager
def _room_for(cache: Path, size_bytes: int) -> Iterator[None]:
    """Raise CacheError, one line that says what to do, for a full or read-only disk."""
    try:
        yield
    except OSError as error:
        full = error.errno in (errno.ENOSPC, errno.EDQUOT)
        advice = "free some space or choose another folder for the cache"
        if full:
            text = f"no space for {size_bytes / 1e9:.1f} GB of packed images in {cache}: {advice}"
        else:
            text = f"the cache {cache} cannot be written ({error.strerror}): {advice}"
        raise CacheError(error.errno, text) from None
